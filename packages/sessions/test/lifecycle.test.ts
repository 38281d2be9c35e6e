import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lifecycle } from '../src/lifecycle.ts'
import { chunkOf, keysUnder, makeHouse, payloadOf, post, refused, until } from './support.ts'

test('SE6: no state forgets that a session was closed or deleted', () => {
  const order = ['absent', 'open', 'finalizing', 'finalized', 'deleting', 'deleted'] as const
  for (const state of order.slice(2)) assert.match(lifecycle[state].post, /^refuse/, `${state} takes no chunk`)
  for (const state of order.slice(4)) assert.match(lifecycle[state].read, /^refuse/, `${state} shows no chunk`)
  for (const state of order.slice(1)) assert.doesNotMatch(lifecycle[state].delete, /^refuse/, `${state} can be deleted`)
})

test('finalising waits for the chunks that are on their way, and holds back those that come', async t => {
  const house = await makeHouse(t)
  const { sessions } = await house.open()
  await post(sessions, 'race', 0)
  const rest = Promise.withResolvers<void>()
  async function* slow() {
    yield payloadOf(1)
    await rest.promise
    yield payloadOf(2)
  }
  const posted = sessions.process({ sessionId: 'race', chunkIndex: 1, body: slow() })
  await until(() => sessions.metrics().queueLength === 1)
  const finalized = Promise.all([sessions.finalize('race'), sessions.finalize('race')])
  await until(() => sessions.metrics().queueLength === 1)
  const late = post(sessions, 'race', 2)
  late.catch(() => undefined)
  await until(() => sessions.metrics().queueLength === 2)
  rest.resolve()
  assert.equal((await posted).plainBytes, 2000)
  const [root, again] = await finalized
  assert.equal(root.treeSize, 2)
  assert.deepEqual(again, root)
  await refused('sessions.finalized', late)
  await refused('sessions.finalized', post(sessions, 'race', 0))
})

test('a gap is named, and does not close the session', async t => {
  const house = await makeHouse(t)
  const { sessions } = await house.open()
  for (const index of [1, 5, 6]) await post(sessions, 'gap', index)
  const error = await refused('sessions.incomplete', sessions.finalize('gap'))
  assert.equal(error.details.missing, '0, 2-4')
  for (const index of [0, 2, 3, 4]) await post(sessions, 'gap', index)
  assert.equal((await sessions.finalize('gap')).treeSize, 7)
})

test('many who finalise, ask for roots and post at once agree', async t => {
  const house = await makeHouse(t)
  const { sessions } = await house.open()
  await post(sessions, 'busy', 0)
  const posts = Array.from({ length: 20 }, (_, at) => post(sessions, 'busy', at + 1))
  const roots = Array.from({ length: 10 }, () => sessions.root('busy'))
  await Promise.all(posts)
  const finals = await Promise.all(Array.from({ length: 5 }, () => sessions.finalize('busy')))
  for (const final of finals) assert.deepEqual(final, finals[0])
  assert.equal(finals[0]!.treeSize, 21)
  for (const root of await Promise.all(roots)) {
    const { hashes } = await sessions.consistency('busy', root.treeSize)
    assert.ok(Array.isArray(hashes))
  }
})

test('SE10: deleting gives up what is on its way and leaves no key and no chunk', async t => {
  const house = await makeHouse(t)
  const { sessions, vault } = await house.open()
  const { keyId } = await post(sessions, 'gone', 0)
  await post(sessions, 'gone', 2)
  await post(sessions, 'kept', 0)
  async function* endless() {
    for (;;) {
      yield payloadOf(1, 100_000)
      await new Promise(resolve => setTimeout(resolve, 1))
    }
  }
  const posted = sessions.process({ sessionId: 'gone', chunkIndex: 1, body: endless() })
  posted.catch(() => undefined)
  await until(() => sessions.metrics().queueLength === 1)
  const view = await sessions.delete('gone')
  assert.deepEqual([view.state, view.chunks, view.treeSize], ['deleted', 2, 1])
  await refused('sessions.deleted', posted)
  await refused('vault.key-destroyed', vault.key(keyId))
  assert.deepEqual(await keysUnder(house.store, 'sessions/chunks/gone/'), [])
  assert.equal((await sessions.root('gone')).treeSize, 1)
  await refused('sessions.deleted', sessions.finalize('gone'))
  assert.deepEqual(await chunkOf(sessions, 'kept', 0), payloadOf(0), 'others stay')

  const restarted = await house.open()
  assert.equal((await restarted.sessions.session('gone')).state, 'deleted')
  await refused('sessions.deleted', restarted.sessions.readChunk('gone', 0))
  await restarted.sessions.proof('gone', 0)
})

test('sessions are listed in the order of their ids, without a look at their chunks', async t => {
  const house = await makeHouse(t)
  const { sessions, store } = await house.open()
  for (const id of ['b', 'a-2', 'A', 'a', 'c']) await post(sessions, id, 0)
  await sessions.finalize('c')
  store.calls.length = 0
  const first = await sessions.sessions({ limit: 3 })
  assert.deepEqual(
    first.sessions.map(({ sessionId }) => sessionId),
    ['A', 'a', 'a-2'],
  )
  assert.equal(first.next, 'a-2')
  const second = await sessions.sessions({ limit: 3, after: first.next! })
  assert.deepEqual(
    second.sessions.map(({ sessionId, state, chunks }) => [sessionId, state, chunks]),
    [
      ['b', 'open', 1],
      ['c', 'finalized', 1],
    ],
  )
  assert.equal(second.next, undefined)
  assert.ok(store.calls.every(call => !call.includes('/chunks/')))
  await refused('sessions.invalid-chunk', sessions.sessions({ limit: 0 }))
})

test('what an idle session has in memory alone is written', async t => {
  const house = await makeHouse(t)
  const { ManualClock } = await import('./support.ts')
  const clock = new ManualClock()
  const { sessions } = await house.open({ clock })
  for (let index = 0; index < 3; index++) await post(sessions, 'idle', index)
  clock.advance(2000)
  await until(async () => (await keysUnder(house.store, 'sessions/trees/idle/')).length > 1)
  assert.deepEqual(await keysUnder(house.store, 'sessions/trees/idle/'), [
    'sessions/trees/idle/tile/0/000.p/3',
    'sessions/trees/idle/tile/entries/000.p/3',
  ])
})
