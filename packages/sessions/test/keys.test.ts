import assert from 'node:assert/strict'
import { test } from 'node:test'
import { epochBytesMax, epochChunksMax } from '../src/limits.ts'
import { epochAfter, SessionKeys } from '../src/session-keys.ts'
import { makeHouse } from './support.ts'

test('SE9: epochs begin with 1 and go up with either count, never down', () => {
  assert.equal(epochAfter({ chunks: 0, plainBytes: 0 }), 1)
  assert.equal(epochAfter({ chunks: epochChunksMax - 1, plainBytes: epochBytesMax - 1 }), 1)
  assert.equal(epochAfter({ chunks: epochChunksMax, plainBytes: 0 }), 2)
  assert.equal(epochAfter({ chunks: 0, plainBytes: epochBytesMax }), 2)
  assert.equal(epochAfter({ chunks: epochChunksMax, plainBytes: epochBytesMax }), 3)
})

test('SE9: a key is derived once an epoch, and again the same from what the record says', async t => {
  const house = await makeHouse(t)
  const { vault } = await house.open()
  const facts = { keyId: (await vault.keyFor('session/k')).id, pbkdf2Iterations: 100_000 }
  const keys = new SessionKeys('k', facts, vault)
  const use = { chunks: 0, plainBytes: 0 }
  const [one, same] = await Promise.all([keys.forSealing(use), keys.forSealing(use)])
  assert.equal(one, same)
  const two = await keys.forSealing({ chunks: epochChunksMax, plainBytes: 0 })
  assert.equal(two.epoch, 2)
  assert.equal(one.secret.equals(two.secret), false)
  const header = { kind: 'chunk', place: 'k/0', keyId: facts.keyId, epoch: 2, headerBytes: 0 } as const
  const again = await new SessionKeys('k', facts, vault).forOpening(header)
  assert.ok(again.secret.equals(two.secret))
  await assert.rejects(keys.forOpening({ ...header, keyId: vault.id }), /another session/)
  await vault.destroy(facts.keyId, 'a test')
  await assert.rejects(keys.forSealing(use), { code: 'vault.key-destroyed' })
})
