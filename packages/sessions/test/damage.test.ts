import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { ChronicleError } from '@chronicle/base'
import { type ObjectStore, readObject } from '@chronicle/objects'
import { verifySessionFiles } from '../src/index.ts'
import { chunkOf, type House, keysUnder, makeHouse, payloadOf, post, refused } from './support.ts'

const chunk = (index: number): string => `sessions/chunks/d/${String(index).padStart(10, '0')}`

async function finalizedHouse(t: Parameters<typeof makeHouse>[0]): Promise<House> {
  const house = await makeHouse(t)
  const { sessions } = await house.open()
  for (let index = 0; index < 3; index++) await post(sessions, 'd', index)
  await post(sessions, 'd', 3, noise)
  await sessions.finalize('d')
  return house
}

async function bytesOf(store: ObjectStore, key: string): Promise<Buffer> {
  return readObject(store, key, { bytesMax: 1 << 20 })
}

/** Does not compress, so that its object is large. */
const noise = randomBytes(400_000)

/** A copy with one bit changed. */
function flipped(bytes: Buffer, at: number): Buffer {
  assert.ok(at < bytes.length)
  const copy = Buffer.from(bytes)
  copy[at]! ^= 1
  return copy
}

test('SE4: a chunk that was changed, cut, exchanged or moved is refused as damaged', async t => {
  const house = await finalizedHouse(t)
  const { sessions } = await house.open()
  const [small, large] = [await bytesOf(house.store, chunk(1)), await bytesOf(house.store, chunk(3))]
  const other = await bytesOf(house.store, chunk(2))
  const changes: [number, Buffer][] = [
    ...[0, 10, 40, 70, 120, small.length - 1].map((at): [number, Buffer] => [1, flipped(small, at)]),
    [1, small.subarray(0, -1)],
    [1, small.subarray(0, 50)],
    [1, Buffer.alloc(0)],
    [1, other],
    [1, Buffer.concat([small, Buffer.alloc(1)])],
    [3, flipped(large, 100)],
    [3, flipped(large, 20_000)],
    [3, flipped(large, large.length - 5)],
    [3, large.subarray(0, 16_400 * 2)],
  ]
  for (const [index, bytes] of changes) {
    await house.store.put(chunk(index), bytes)
    const error = await refused('sessions.damaged', chunkOf(sessions, 'd', index))
    assert.match(error.message, /sessions\/chunks\/d\/000000000/)
  }
  await house.store.delete(chunk(1))
  await refused('sessions.chunk-not-found', chunkOf(sessions, 'd', 1))
  assert.deepEqual(await chunkOf(sessions, 'd', 0), payloadOf(0), 'the others stay readable')
})

test('SE4: damage inside of a large chunk shows after the part before it, and never as an end', async t => {
  const house = await finalizedHouse(t)
  const { sessions } = await house.open()
  const large = await bytesOf(house.store, chunk(3))
  await house.store.put(chunk(3), flipped(large, large.length - 80_000))
  const { body } = await sessions.readChunk('d', 3)
  let seen = 0
  const ended = (async () => {
    for await (const piece of body) {
      assert.ok(
        payloadOf(3, 400_000)
          .subarray(seen, seen + piece.length)
          .equals(piece),
      )
      seen += piece.length
    }
  })()
  await refused('sessions.damaged', ended)
})

test('damage to record, tiles and checkpoint is named, and nothing is signed over it (SE5)', async t => {
  for (const [key, spoil] of [
    ['sessions/records/d', () => Buffer.from('{}')],
    ['sessions/records/d', (bytes: Buffer) => Buffer.from(bytes.toString().replace('"version": 1', '"version": 9'))],
    ['sessions/trees/d/checkpoint', (bytes: Buffer) => flipped(bytes, 3).subarray(0, 20)],
    ['sessions/trees/d/tile/0/000.p/4', undefined],
    ['sessions/trees/d/tile/0/000.p/4', (bytes: Buffer) => flipped(bytes, 3)],
  ] as const) {
    const house = await finalizedHouse(t)
    const bytes = await bytesOf(house.store, key)
    if (spoil) await house.store.put(key, spoil(bytes))
    else await house.store.delete(key)
    const { sessions } = await house.open()
    await assert.rejects(sessions.proof('d', 1), error => error instanceof ChronicleError, key)
    const report = await verifySessionFiles({
      store: house.store,
      sessionId: 'd',
      logKeys: [sessions.publicKey],
    }).catch(error => error)
    assert.ok(report instanceof ChronicleError || !report.sound, key)
    await house.store.put(key, bytes)
    await sessions.proof('d', 1)
  }
})

test('SE5: where chunks that a checkpoint covers are gone, no smaller tree is signed', async t => {
  const house = await makeHouse(t)
  const one = await house.open()
  for (let index = 0; index < 3; index++) await post(one.sessions, 'd', index)
  const before = await bytesOf(house.store, 'sessions/records/d')
  await one.sessions.root('d')
  // A copy of the store from before the root: the record is older, and so are the chunks.
  await house.store.put('sessions/records/d', before)
  await house.store.delete(chunk(2))
  const two = await house.open()
  const error = await refused('sessions.damaged', two.sessions.root('d'))
  assert.deepEqual([error.details.signedSize, error.details.size], [3, 2])
  await refused('sessions.damaged', two.sessions.finalize('d'))
  assert.equal((await two.sessions.delete('d')).state, 'deleted', 'it can be deleted all the same')
  assert.deepEqual(await keysUnder(house.store, 'sessions/chunks/'), [])
})

test('a session that is verified from scratch, with the key and without', async t => {
  const house = await finalizedHouse(t)
  const { sessions, vault } = await house.open()
  const options = { store: house.store, sessionId: 'd', logKeys: [sessions.publicKey] }
  const whole = await verifySessionFiles({ ...options, vault })
  assert.ok(whole.sound)
  assert.deepEqual(
    whole.checks.map(({ name, outcome }) => [name, outcome]),
    ['record', 'checkpoint', 'tree', 'tiles', 'chunks'].map(name => [name, 'passed']),
  )
  const keyless = await verifySessionFiles(options)
  assert.ok(keyless.sound)
  assert.equal(keyless.checks.at(-1)!.outcome, 'not checked')

  const failing = async (key: string, change: (bytes: Buffer) => Buffer | undefined): Promise<string[]> => {
    const bytes = await bytesOf(house.store, key)
    const changed = change(bytes)
    if (changed) await house.store.put(key, changed)
    else await house.store.delete(key)
    const report = await verifySessionFiles({ ...options, vault })
    await house.store.put(key, bytes)
    assert.equal(report.sound, false, key)
    return report.checks.filter(({ outcome }) => outcome === 'failed').map(({ name }) => name)
  }
  assert.deepEqual(await failing(chunk(2), () => undefined), ['chunks'])
  assert.deepEqual(await failing(chunk(2), bytes => flipped(bytes, 100)), ['chunks'])
  assert.deepEqual(await failing('sessions/trees/d/tile/0/000.p/4', bytes => flipped(bytes, 33)), ['tiles'])
  assert.ok((await failing('sessions/trees/d/tile/entries/000.p/4', bytes => flipped(bytes, 40))).includes('tree'))
  assert.deepEqual(await failing('sessions/trees/d/checkpoint', bytes => flipped(bytes, bytes.length - 9)), [
    'checkpoint',
  ])
  assert.deepEqual(await failing('sessions/records/d', () => Buffer.from('[]')), ['record'])

  // Another chunk of the same recorder in its place: sealed rightly, for this place, and not the one that the tree has.
  const twin = await makeHouse(t)
  const copy = await twin.open()
  await post(copy.sessions, 'd', 2, payloadOf(9))
  const exchanged = await bytesOf(twin.store, chunk(2))
  assert.deepEqual(await failing(chunk(2), () => exchanged), ['chunks'])

  await sessions.delete('d')
  const deleted = await verifySessionFiles({ ...options, vault })
  assert.ok(deleted.sound)
  assert.match(deleted.checks.at(-1)!.detail, /deleted/)
  await refused('sessions.session-not-found', verifySessionFiles({ ...options, sessionId: 'unknown' }))
})

test('a large tree is verified tile by tile', async t => {
  const house = await makeHouse(t, (await import('./support.ts')).fastDirectory)
  const { sessions, vault } = await house.open()
  for (let from = 0; from < 600; from += 50) {
    await Promise.all(Array.from({ length: 50 }, (_, at) => post(sessions, 'd', from + at, Buffer.from([from + at]))))
    if (from === 200) await sessions.root('d')
  }
  await sessions.finalize('d')
  const options = { store: house.store, sessionId: 'd', logKeys: [sessions.publicKey], vault }
  const report = await verifySessionFiles(options)
  assert.ok(report.sound, JSON.stringify(report.checks))
  await house.store.delete('sessions/trees/d/tile/1/000.p/2')
  const missing = await verifySessionFiles(options)
  assert.deepEqual(missing.checks.find(({ name }) => name === 'tiles')!.problems, ['tile/1/000.p/2 is missing'])
})
