/** Nothing opens but what was sealed, whole, in its order, in its place, under its key. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemRandom } from '@chronicle/base'
import fc from 'fast-check'
import {
  Opener,
  open,
  openRandomAccess,
  openStream,
  type SealedPlace,
  type SealKey,
  seal,
  vaultErrors,
} from '../src/index.ts'
import { collect, fixedRandom, key, keyBytes, otherKey, pattern, pieces, place, streamOf } from './seal-support.ts'

const chunk = 16_384
const sealedChunk = chunk + 16
const plain = pattern(2 * chunk + 100)
const sealed = seal(plain, key, place, systemRandom)
const chunksAt = sealed.length - 2 * sealedChunk - 116
const refusals = new Set(['vault.tampered', 'vault.truncated', 'vault.not-sealed', 'vault.newer-version'])

/** Opens in every way; each has to refuse. Returns the codes of the refusals: at once, in pieces, by random access. */
async function refusalsOf(
  bytes: Uint8Array,
  withKey: SealKey = key,
  expected?: Partial<SealedPlace>,
): Promise<string[]> {
  return Promise.all([
    refusalOf(async () => void open(bytes, withKey, expected)),
    refusalOf(async () => void (await collect(openStream(streamOf(pieces(bytes, [5000])), withKey, expected)))),
    refusalOf(async () => {
      const ranges = await openRandomAccess(
        async (start, end) => bytes.subarray(start, end),
        bytes.length,
        withKey,
        expected,
      )
      await ranges.read(0, ranges.plainBytes)
    }),
  ])
}

async function refusalOf(attempt: () => Promise<void>): Promise<string> {
  try {
    await attempt()
  } catch (error) {
    if (!vaultErrors.is(error)) throw error
    assert.ok(refusals.has(error.code), error.message)
    for (const secret of [keyBytes.toString('hex'), keyBytes.toString('base64')])
      assert.ok(!error.message.includes(secret))
    return error.code
  }
  throw new assert.AssertionError({ message: 'opened what was not sealed' })
}

async function refusedAs(code: string, bytes: Uint8Array, withKey?: SealKey, expected?: Partial<SealedPlace>) {
  assert.deepEqual([...new Set(await refusalsOf(bytes, withKey, expected))], [code])
}

function flipped(bytes: Uint8Array, bit: number): Buffer {
  const changed = Buffer.from(bytes)
  changed[bit >>> 3]! ^= 1 << (bit & 7)
  return changed
}

test('any bit flipped in header, salt or commitment is refused (VS2, VS3)', async () => {
  for (let bit = 0; bit < chunksAt * 8; bit++) await refusalsOf(flipped(sealed, bit))
})

test('any bit flipped in the chunks and tags of a small message is refused (VS3)', () => {
  const small = seal(pattern(40), key, place, systemRandom)
  for (let bit = chunksAt * 8; bit < small.length * 8; bit++) {
    assert.throws(() => open(flipped(small, bit), key, place), { code: 'vault.tampered' })
  }
})

test('a bit flipped anywhere in a large message is refused as tampered, and its chunk is named (VS3)', async () => {
  const property = fc.asyncProperty(fc.integer({ min: chunksAt * 8, max: sealed.length * 8 - 1 }), async bit => {
    const changed = flipped(sealed, bit)
    await refusedAs('vault.tampered', changed)
    const number = Math.floor(((bit >>> 3) - chunksAt) / sealedChunk)
    assert.throws(() => open(changed, key), new RegExp(`chunk ${number}\\b`))
  })
  await fc.assert(property, { numRuns: 100 })
})

test('cut anywhere, it is refused; cut where it shows, as truncated (VS4)', async () => {
  const boundaries = [0, 1, 2].map(number => chunksAt + number * sealedChunk)
  for (const boundary of boundaries) {
    for (let near = -20; near <= 20; near++) {
      const length = boundary + near
      const shows = length < chunksAt + 16 || boundaries.some(at => length >= at && length < at + 16)
      await refusedAs(shows ? 'vault.truncated' : 'vault.tampered', sealed.subarray(0, length))
    }
  }
  for (let length = 0; length < chunksAt + 16; length++) await refusedAs('vault.truncated', sealed.subarray(0, length))
  for (let length = chunksAt + 16; length < sealed.length; length += 997) await refusalsOf(sealed.subarray(0, length))
})

test('chunks dropped, swapped, duplicated or followed by more are refused (VS3, VS4)', async () => {
  const prefix = sealed.subarray(0, chunksAt)
  const [a, b] = [0, 1].map(n => sealed.subarray(chunksAt + n * sealedChunk, chunksAt + (n + 1) * sealedChunk)) as [
    Buffer,
    Buffer,
  ]
  const last = sealed.subarray(chunksAt + 2 * sealedChunk)
  assert.ok(open(Buffer.concat([prefix, a, b, last]), key).equals(plain))
  const others = [
    [b, last],
    [a, last],
    [a, b],
    [last],
    [b, a, last],
    [a, a, last],
    [b, b, last],
    [a, b, b, last],
    [a, b, last, last],
    [a, last, b],
  ]
  for (const chunks of others) await refusalsOf(Buffer.concat([prefix, ...chunks]))
  for (const more of [1, 16, 17, sealedChunk]) await refusalsOf(Buffer.concat([sealed, Buffer.alloc(more)]))
})

test('chunks of another message under the same key and place are refused (VS1)', async () => {
  const other = seal(plain, key, place, systemRandom)
  await refusedAs('vault.tampered', Buffer.concat([sealed.subarray(0, chunksAt), other.subarray(chunksAt)]))
  await refusedAs(
    'vault.tampered',
    Buffer.concat([sealed.subarray(0, chunksAt + sealedChunk), other.subarray(chunksAt + sealedChunk)]),
  )
})

test('moved to another place, kind, key id or epoch it is refused, also when the header says so (VS2)', async () => {
  const moves: [SealKey, SealedPlace][] = [
    [key, { ...place, place: 'archive/2026-11-22/x' }],
    [key, { ...place, place: `${place.place}/` }],
    [key, { ...place, kind: 'chunk' }],
    [{ ...key, id: '00112233-4455-6677-8899-aabbccddeefe' }, place],
    [{ ...key, epoch: 8 }, place],
  ]
  for (const [movedKey, movedPlace] of moves) {
    await refusedAs('vault.tampered', sealed, movedKey, movedPlace)
    const header = seal(Buffer.alloc(0), movedKey, movedPlace, fixedRandom(Buffer.alloc(24))).subarray(0, -72)
    const moved = Buffer.concat([header, sealed.subarray(chunksAt - 56)])
    await refusedAs('vault.tampered', moved, movedKey, movedPlace)
    await refusedAs('vault.tampered', moved, movedKey)
  }
})

test('another key is refused before anything is opened, and the message says what does not fit (VS3)', async () => {
  await refusedAs('vault.tampered', sealed, otherKey, place)
  assert.throws(() => open(sealed, otherKey, place), /commitment to the key.*another key/)
  assert.throws(() => new Opener(otherKey).push(sealed.subarray(0, chunksAt)), { code: 'vault.tampered' })
})

test('an Opener gives out nothing but authenticated bytes, and after a refusal nothing at all (VS3)', () => {
  const changed = flipped(sealed, (chunksAt + sealedChunk + 5) * 8)
  const opener = new Opener(key, place)
  assert.ok(opener.push(changed.subarray(0, chunksAt + sealedChunk + 9)).equals(plain.subarray(0, chunk)))
  assert.throws(() => opener.push(changed.subarray(chunksAt + sealedChunk + 9)), /chunk 1\b/)
  assert.throws(() => opener.push(sealed.subarray(chunksAt + sealedChunk)), /chunk 1\b/, 'not even the right bytes')
  assert.throws(() => opener.end(), /chunk 1\b/)
})

test('an Opener says at the end whether the end was there (VS4)', () => {
  const opener = new Opener(key, place)
  const part = opener.push(sealed.subarray(0, chunksAt + 2 * sealedChunk))
  assert.ok(part.equals(plain.subarray(0, 2 * chunk)))
  assert.throws(() => opener.end(), { code: 'vault.truncated' })
  assert.throws(() => new Opener(key).end(), { code: 'vault.truncated' })
})

test('random access refuses a length that is not the one that was sealed (VS7)', async () => {
  for (const length of [
    sealed.length - 1,
    sealed.length - 116,
    sealed.length - 116 - sealedChunk,
    sealed.length + sealedChunk,
  ]) {
    const read = async (start: number, end: number) => Buffer.concat([sealed, sealed]).subarray(start, end)
    await assert.rejects(openRandomAccess(read, length, key, place), error => vaultErrors.is(error))
  }
  const short = async (start: number, end: number) => sealed.subarray(start, end - 1)
  await assert.rejects(openRandomAccess(short, sealed.length, key, place), { code: 'vault.truncated' })
})

test('a place that was made up does not bring control characters into a message', () => {
  const forged = seal(Buffer.alloc(0), key, { kind: 'file', place: 'a\n\u001b[2J\u009b\u202e' }, systemRandom)
  assert.throws(
    () => open(forged, key, place),
    (error: Error) => !/\p{C}/u.test(error.message) && /expected: "archive/.test(error.message),
  )
})
