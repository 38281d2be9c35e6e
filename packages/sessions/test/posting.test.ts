import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { readObject } from '@chronicle/objects'
import {
  chunkOf,
  keysUnder,
  ManualClock,
  makeHouse,
  payloadOf,
  post,
  refused,
  sha256,
  turns,
  until,
} from './support.ts'

test('SE3: the same chunk again is answered as before, with other bytes or metadata it is refused', async t => {
  const house = await makeHouse(t)
  const { sessions, store } = await house.open()
  const chunk = { sessionId: 'again', chunkIndex: 0, body: payloadOf(0), metadata: { camera: 2, at: 'door' } }
  const { processingMs: _, ...first } = await sessions.process(chunk)
  const puts = store.calls.filter(call => call.startsWith('put sessions/chunks')).length
  const { processingMs: __, ...second } = await sessions.process({ ...chunk, metadata: { at: 'door', camera: 2 } })
  assert.deepEqual(second, { ...first, repeated: true })
  const differs = await refused('sessions.chunk-differs', sessions.process({ ...chunk, body: payloadOf(1) }))
  assert.equal(differs.details.differs, 'bytes')
  const other = await refused('sessions.chunk-differs', sessions.process({ ...chunk, metadata: { camera: 3 } }))
  assert.equal(other.details.differs, 'metadata')
  await refused('sessions.chunk-differs', sessions.process({ ...chunk, metadata: undefined }))
  await refused('sessions.hash-mismatch', sessions.process({ ...chunk, body: payloadOf(1), sha256: first.sha256 }))
  await refused(
    'sessions.chunk-differs',
    sessions.process({ ...chunk, body: payloadOf(1), sha256: sha256(payloadOf(1)) }),
  )
  assert.equal(
    store.calls.filter(call => call.startsWith('put sessions/chunks')).length,
    puts,
    'nothing is stored again',
  )
  assert.deepEqual(await chunkOf(sessions, 'again', 0), payloadOf(0), 'the first one stays')
})

test('SE3: of many posts of one index at once one is stored, the others are answered accordingly', async t => {
  const house = await makeHouse(t)
  const { sessions, store } = await house.open()
  const bodies = [0, 0, 1, 0, 1, 0].map(version => payloadOf(version, 300_000))
  const answers = await Promise.allSettled(bodies.map(body => post(sessions, 'race', 0, body)))
  const stored = answers.filter(answer => answer.status === 'fulfilled').map(({ value }) => value)
  assert.equal(stored.length, 4)
  assert.equal(stored.filter(({ repeated }) => !repeated).length, 1)
  for (const answer of answers) {
    if (answer.status === 'rejected') assert.equal(answer.reason.code, 'sessions.chunk-differs')
  }
  assert.equal(store.calls.filter(call => call === 'put sessions/chunks/race/0000000000').length, 1)
})

test('SE3: two processes post one index: the store decides', async t => {
  const house = await makeHouse(t)
  const one = await house.open()
  await post(one.sessions, 'two', 0)
  const two = await house.open()
  await post(two.sessions, 'two', 1)
  assert.equal((await post(one.sessions, 'two', 1)).repeated, true)
  await refused('sessions.chunk-differs', post(two.sessions, 'two', 0, payloadOf(9)))
  const answers = await Promise.allSettled([
    post(one.sessions, 'two', 2, payloadOf(2)),
    post(two.sessions, 'two', 2, payloadOf(7)),
  ])
  assert.deepEqual(answers.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
  assert.equal((await one.sessions.finalize('two')).treeSize, 3)
})

test('chunks out of order join the tree in the order of their indices', async t => {
  const house = await makeHouse(t)
  const { sessions } = await house.open()
  const leaves = new Map<number, string>()
  for (const index of [3, 1, 0, 4, 2]) leaves.set(index, (await post(sessions, 'mixed', index)).leafHash)
  assert.equal((await sessions.session('mixed')).treeSize, 5)
  await post(sessions, 'mixed', 7)
  const view = await sessions.session('mixed')
  assert.deepEqual([view.chunks, view.treeSize], [6, 5])
  await refused('sessions.not-covered', sessions.proof('mixed', 7))
  await refused('sessions.chunk-not-found', sessions.proof('mixed', 6))
  const incomplete = await refused('sessions.incomplete', sessions.finalize('mixed'))
  assert.equal(incomplete.details.missing, '5-6')
  await post(sessions, 'mixed', 5)
  assert.equal((await refused('sessions.incomplete', sessions.finalize('mixed'))).details.missing, '6')
  await post(sessions, 'mixed', 6)
  assert.equal((await sessions.finalize('mixed')).treeSize, 8)
})

test('what is not accepted is refused before anything of it is kept', async t => {
  const house = await makeHouse(t)
  const { sessions } = await house.open({ settings: { maxChunkBytes: 5000, maxSessionBytes: 12_000 } })
  const body = payloadOf(0)
  const chunk = { sessionId: 'bad', chunkIndex: 0, body }
  for (const sessionId of ['', '.', '..', '-a', 'a/b', 'a b', 'ä', 'x'.repeat(129), 7 as unknown as string]) {
    await refused('sessions.invalid-session-id', sessions.process({ ...chunk, sessionId }))
  }
  for (const chunkIndex of [-1, 0.5, Number.NaN, 1e12, '1' as unknown as number]) {
    await refused('sessions.invalid-chunk-index', sessions.process({ ...chunk, chunkIndex }))
  }
  const cyclic: Record<string, unknown> = {}
  cyclic.self = cyclic
  const deep = JSON.parse(`${'{"a":'.repeat(33)}1${'}'.repeat(33)}`)
  for (const metadata of [
    [],
    'text',
    { when: undefined },
    { x: Number.NaN },
    { big: 'x'.repeat(20_000) },
    cyclic,
    deep,
  ]) {
    await refused(
      'sessions.invalid-chunk',
      sessions.process({ ...chunk, metadata: metadata as Record<string, unknown> }),
    )
  }
  await refused('sessions.invalid-chunk', sessions.process({ ...chunk, sha256: 'abc' }))
  await refused('sessions.hash-mismatch', sessions.process({ ...chunk, sha256: sha256(payloadOf(1)) }))
  await refused('sessions.chunk-too-large', sessions.process({ ...chunk, body: payloadOf(0, 5001) }))
  await refused('sessions.too-far-ahead', sessions.process({ ...chunk, chunkIndex: 4096 }))
  let read = 0
  async function* unread() {
    read++
    yield body
  }
  await refused('sessions.chunk-too-large', sessions.process({ ...chunk, body: unread(), announcedBytes: 1e11 }))
  assert.equal(read, 0, 'nothing is read of what is announced too large')
  async function* endless() {
    for (;;) yield body
  }
  await refused('sessions.chunk-too-large', sessions.process({ ...chunk, body: endless() }))
  assert.deepEqual(await keysUnder(house.store, 'sessions/'), [], 'no session has begun')
  await refused('sessions.session-not-found', sessions.session('bad'))
  await refused('sessions.session-not-found', sessions.finalize('bad'))
  await refused('sessions.session-not-found', sessions.delete('bad'))

  for (const chunkIndex of [0, 1]) await sessions.process({ ...chunk, chunkIndex, body: payloadOf(0, 5000) })
  await refused('sessions.session-too-large', sessions.process({ ...chunk, chunkIndex: 2, body: payloadOf(0, 2001) }))
  async function* unannounced() {
    for (let piece = 0; piece < 3; piece++) yield payloadOf(piece)
  }
  await refused('sessions.session-too-large', sessions.process({ ...chunk, chunkIndex: 2, body: unannounced() }))
  assert.equal((await sessions.process({ ...chunk, chunkIndex: 2, body: payloadOf(0, 2000) })).plainBytes, 2000)
  assert.equal((await keysUnder(house.store, 'sessions/chunks/')).length, 3)
})

test('SE7: a full queue refuses before the body is read, and a body is pulled no faster than it is stored', async t => {
  const house = await makeHouse(t)
  const { sessions, store, audit } = await house.open({ settings: { queueSize: 2 } })
  const open = Promise.withResolvers<'ok'>()
  store.fate = (call, key) => (call === 'put' && key.includes('/chunks/') ? open.promise : 'ok')
  let pulled = 0
  async function* large() {
    for (let piece = 0; piece < 100; piece++) {
      pulled++
      yield Buffer.alloc(64 * 1024, piece)
    }
  }
  const posts = [0, 1].map(chunkIndex => sessions.process({ sessionId: 'full', chunkIndex, body: large() }))
  await until(() => pulled > 8)
  await turns(200)
  assert.ok(pulled <= 2 * (4 + 1) * 4 + 2, `${pulled} pieces of 64 KiB are in memory`)
  let read = false
  async function* body() {
    read = true
    yield payloadOf(2)
  }
  await refused('sessions.busy', sessions.process({ sessionId: 'full', chunkIndex: 2, body: body() }))
  assert.equal(read, false)
  assert.deepEqual([sessions.metrics().queueLength, sessions.metrics().refused], [2, 1])
  open.resolve('ok')
  await Promise.all(posts)
  assert.equal(sessions.metrics().queueLength, 0)
  assert.equal(
    audit.filter(({ outcome }) => outcome === 'refused').length,
    0,
    'refusals for want of room come together',
  )
  await sessions.close()
  const grouped = audit.find(({ details }) => details.code === 'sessions.busy')
  assert.equal(grouped?.details.count, 1)
})

test('a chunk that does not arrive in time is given up, and leaves nothing', async t => {
  const house = await makeHouse(t)
  const clock = new ManualClock()
  const { sessions } = await house.open({ clock })
  let told = false
  async function* slow() {
    try {
      yield payloadOf(0, 600_000)
      await new Promise(() => {})
    } finally {
      told = true
    }
  }
  const stuck = {
    [Symbol.asyncIterator]: () => ({
      next: () => new Promise<IteratorResult<Uint8Array>>(() => {}),
      return: async () => {
        told = true
        return { done: true as const, value: undefined }
      },
    }),
  }
  for (const body of [slow(), stuck]) {
    const posted = sessions.process({ sessionId: 'slow', chunkIndex: 0, body })
    posted.catch(() => undefined)
    await until(() => sessions.metrics().queueLength === 1)
    await turns(50)
    clock.advance(30_000)
    await refused('sessions.timed-out', posted)
    assert.equal(sessions.metrics().queueLength, 0)
  }
  assert.ok(told, 'the body was told')
  assert.deepEqual(await keysUnder(house.store, 'sessions/'), [])
  const temporary = await import('node:fs').then(fs => fs.readdirSync(`${house.directory}/objects/.store/temporary`))
  assert.ok(temporary.length >= 1)
  assert.equal((await post(sessions, 'slow', 0)).repeated, false)
})

test('a body that fails, and a session that is closed', async t => {
  const house = await makeHouse(t)
  const { sessions } = await house.open()
  async function* broken() {
    yield payloadOf(0, 700_000)
    throw new Error('the connection broke')
  }
  await assert.rejects(sessions.process({ sessionId: 'broken', chunkIndex: 0, body: broken() }), /connection broke/)
  assert.deepEqual(await keysUnder(house.store, 'sessions/'), [])
  await sessions.close()
  await refused('sessions.closed', post(sessions, 'broken', 0))
})

test('a put whose outcome is not known is looked up, and made certain', async t => {
  const house = await makeHouse(t)
  const { sessions, store } = await house.open()
  let losses = 1
  store.fate = (call, key) => (call === 'put' && key.includes('/chunks/') && losses-- > 0 ? 'lose' : 'ok')
  const receipt = await post(sessions, 'lost', 0)
  assert.equal(receipt.repeated, false)
  const puts = store.calls.filter(call => call === 'put sessions/chunks/lost/0000000000')
  assert.equal(puts.length, 2, 'it is put once more over itself')
  assert.deepEqual(await chunkOf(sessions, 'lost', 0), payloadOf(0))
  assert.equal((await sessions.finalize('lost')).treeSize, 1)
})

test('a store that fails is told to the sender, and to the health check', async t => {
  const house = await makeHouse(t)
  const { sessions, store, health } = await house.open()
  assert.equal(health.report().status, 'pass')
  store.fate = (call, key) => (call === 'put' && key.includes('/chunks/') ? 'fail' : 'ok')
  await refused('objects.unavailable', post(sessions, 'sick', 0))
  assert.equal(health.report().status, 'fail')
  store.fate = () => 'ok'
  await post(sessions, 'sick', 0)
  assert.equal(health.report().status, 'pass')
})

test('SE9: a session has keys of its own, named in each chunk, derived once', async t => {
  const house = await makeHouse(t)
  const { sessions, audit } = await house.open()
  const receipts = await Promise.all([0, 1, 2, 3].map(index => post(sessions, 'keys', index)))
  assert.equal(new Set(receipts.map(({ keyId }) => keyId)).size, 1)
  assert.notEqual((await post(sessions, 'other', 0)).keyId, receipts[0]!.keyId)
  assert.equal(audit.filter(({ action }) => action === 'key.created').length, 2)
  const bytes = await readObject(house.store, 'sessions/chunks/keys/0000000000', { bytesMax: 10_000 })
  assert.equal(bytes.includes(payloadOf(0).subarray(0, 64)), false, 'nothing plain is stored')
})

test('a store that fails while the body has stopped coming is told at once', async t => {
  const house = await makeHouse(t)
  const { sessions, store } = await house.open()
  store.fate = (call, key) => (call === 'put' && key.includes('/chunks/') ? 'fail' : 'ok')
  async function* stuck() {
    yield randomBytes(1_000_000)
    await new Promise(() => {})
  }
  await refused('objects.unavailable', sessions.process({ sessionId: 'stuck', chunkIndex: 0, body: stuck() }))
  assert.equal(sessions.metrics().queueLength, 0)
})
