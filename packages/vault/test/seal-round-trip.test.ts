import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { systemRandom } from '@chronicle/base'
import fc from 'fast-check'
import {
  Opener,
  open,
  openRandomAccess,
  openStream,
  parseSealedHeader,
  Sealer,
  seal,
  sealedBytes,
  sealKeyOf,
  sealStream,
  vaultErrors,
} from '../src/index.ts'
import { messageBytes, messagePlainBytes, messagePlainBytesMax } from '../src/seal/cobblestone.ts'
import { collect, key, pattern, pieces, place, streamOf } from './seal-support.ts'

const source = randomBytes(50_000)
const chunk = 16_384
const lengths = new Set(Array.from({ length: 80 }, (_, at) => at * 631))
for (const boundary of [0, chunk, 2 * chunk, 3 * chunk]) {
  for (let near = -18; near <= 18; near++) if (boundary + near >= 0) lengths.add(boundary + near)
}

const pieceSizes = fc.array(fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 40_000 })), {
  minLength: 1,
  maxLength: 6,
})
const someLength = fc.oneof(
  fc.integer({ min: 0, max: source.length }),
  fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: -2, max: 2 })).map(([k, d]) => Math.max(0, k * chunk + d)),
)

test('what was sealed opens, whatever its length', () => {
  for (const length of lengths) {
    const plain = source.subarray(0, length)
    const sealed = seal(plain, key, place, systemRandom)
    assert.equal(sealed.length, sealedBytes(place, length))
    assert.ok(open(sealed, key, place).equals(plain), `${length} bytes`)
  }
})

test('streaming in pieces of any size gives what sealing and opening at once give', async () => {
  const property = fc.asyncProperty(someLength, pieceSizes, pieceSizes, async (length, sealSizes, openSizes) => {
    const plain = source.subarray(0, length)
    const sealed = await collect(sealStream(streamOf(pieces(plain, sealSizes)), key, place, systemRandom))
    assert.equal(sealed.length, sealedBytes(place, length))
    assert.ok(open(sealed, key, place).equals(plain))
    assert.ok((await collect(openStream(streamOf(pieces(sealed, openSizes)), key, place))).equals(plain))
  })
  await fc.assert(property, { numRuns: 100 })
})

test('a Sealer and an Opener hold less than one chunk back (VS5)', () => {
  const sealer = new Sealer(key, place, systemRandom)
  const opener = new Opener(key, place)
  const prefix = sealer.begin()
  opener.push(prefix)
  let [pushed, sealed, opened] = [0, 0, 0]
  for (const piece of pieces(source, [1, 700, 16_384, 5, 20_000])) {
    const part = sealer.push(piece)
    pushed += piece.length
    sealed += (part.length / 16_400) * chunk
    opened += opener.push(part).length
    assert.ok(pushed - sealed < chunk)
    assert.equal(opened, sealed)
  }
  opened += opener.push(sealer.end()).length + opener.end().length
  assert.equal(opened, source.length)
})

test('random access gives the slices of what was sealed, by one read each (VS7)', async () => {
  const property = fc.asyncProperty(someLength, fc.nat(), fc.nat(), async (length, a, b) => {
    const plain = source.subarray(0, length)
    const sealed = seal(plain, key, place, systemRandom)
    const reads: [number, number][] = []
    const read = async (start: number, end: number) => {
      reads.push([start, end])
      return sealed.subarray(start, end)
    }
    const ranges = await openRandomAccess(read, sealed.length, key, place)
    assert.equal(ranges.plainBytes, length)
    const [start, end] = [a % (length + 1), b % (length + 1)].sort((x, y) => x - y) as [number, number]
    reads.length = 0
    assert.ok((await ranges.read(start, end)).equals(plain.subarray(start, end)))
    assert.equal(reads.length, start === end ? 0 : 1)
    for (const [from, to] of reads)
      assert.ok(to - from <= end - start + 2 * 16_400, 'no more than the chunks it lies in')
  })
  await fc.assert(property, { numRuns: 150 })
})

test('random access reads every place around the chunk boundaries', async () => {
  const sealed = seal(source, key, place, systemRandom)
  const ranges = await openRandomAccess(async (start, end) => sealed.subarray(start, end), sealed.length, key)
  const edges = [
    0,
    1,
    chunk - 1,
    chunk,
    chunk + 1,
    2 * chunk,
    3 * chunk - 1,
    3 * chunk,
    source.length - 1,
    source.length,
  ]
  for (const start of edges) {
    for (const end of edges.filter(edge => edge >= start)) {
      assert.ok((await ranges.read(start, end)).equals(source.subarray(start, end)), `${start} to ${end}`)
    }
  }
  for (const [start, end] of [
    [-1, 2],
    [2, 1],
    [0, source.length + 1],
    [0.5, 2],
    [Number.NaN, 1],
  ] as const) {
    await assert.rejects(ranges.read(start, end), { code: 'vault.invalid-argument' })
  }
})

test('the key can be looked up by what the header names', async () => {
  const sealed = seal(source, key, place, systemRandom)
  const asked: unknown[] = []
  const find = async (header: object) => {
    asked.push(header)
    return key
  }
  assert.ok((await collect(openStream(streamOf(pieces(sealed, [30])), find))).equals(source))
  const ranges = await openRandomAccess(async (start, end) => sealed.subarray(start, end), sealed.length, find)
  assert.ok((await ranges.read(5, 6)).equals(source.subarray(5, 6)))
  assert.deepEqual(asked, [parseSealedHeader(sealed), parseSealedHeader(sealed)])
  assert.deepEqual(ranges.header, parseSealedHeader(sealed))
  const missing = vaultErrors.create('vault.key-not-found', { keyId: key.id })
  await assert.rejects(collect(openStream(streamOf([sealed]), () => Promise.reject(missing))), missing)
})

test('a data key seals in its own name', () => {
  const purpose = { purpose: 'file', createdMs: 0, state: 'current' } as const
  assert.deepEqual(sealKeyOf({ id: key.id, secret: key.secret, ...purpose }), {
    id: key.id,
    epoch: 0,
    secret: key.secret,
  })
})

test('sizes of messages and of what they hold agree up to the largest', () => {
  const property = fc.property(fc.integer({ min: 0, max: messagePlainBytesMax }), bytes => {
    assert.equal(messagePlainBytes(messageBytes(bytes)), bytes)
  })
  fc.assert(property)
  for (const bytes of [0, 1, chunk - 1, chunk, messagePlainBytesMax])
    assert.equal(messagePlainBytes(messageBytes(bytes)), bytes)
  for (const bytes of [0, 55, 56, 71, 56 + 16_400, 56 + 16_415]) assert.equal(messagePlainBytes(bytes), undefined)
  assert.equal(messagePlainBytes(messageBytes(messagePlainBytesMax) + 1), undefined)
  for (const bytes of [-1, 0.5, Number.NaN, messagePlainBytesMax + 1]) {
    assert.throws(() => sealedBytes(place, bytes), { code: 'vault.invalid-argument' })
  }
})

test('pieces come between begin and end, and a message ends once', () => {
  const sealer = new Sealer(key, place, systemRandom)
  assert.throws(() => sealer.push(pattern(1)), /begins before/)
  assert.throws(() => sealer.end(), /begins before/)
  sealer.begin()
  assert.throws(() => sealer.begin(), /begins once/)
  sealer.end()
  assert.throws(() => sealer.push(pattern(1)), /behind the end/)
  assert.throws(() => sealer.end(), /ends once/)
})
