import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  leafDataOf,
  leafHash,
  MerkleTree,
  parseChunkExtra,
  parseProof,
  verifyConsistency,
  verifyNote,
  verifyProof,
} from '@chronicle/vault'
import { chunkOf, keysUnder, makeHouse, origin, payloadOf, post, refused, sha256 } from './support.ts'

test('a session from its first chunk to its deletion', async t => {
  const house = await makeHouse(t)
  const { sessions, audit } = await house.open()
  const receipts = []
  for (let index = 0; index < 5; index++) receipts.push(await post(sessions, 'walk-1', index))
  for (const [index, receipt] of receipts.entries()) {
    assert.equal(receipt.chunkId, `walk-1/${index}`)
    assert.equal(receipt.sha256, sha256(payloadOf(index)))
    assert.equal(receipt.leafIndex, index)
    assert.equal(receipt.repeated, false)
    assert.deepEqual(await chunkOf(sessions, 'walk-1', index), payloadOf(index))
  }
  const view = await sessions.session('walk-1')
  assert.deepEqual([view.state, view.chunks, view.treeSize, view.plainBytes], ['open', 5, 5, 5000])

  const root = await sessions.finalize('walk-1')
  assert.equal(root.treeSize, 5)
  const tree = new MerkleTree()
  for (const { leafHash } of receipts) tree.append(Buffer.from(leafHash, 'hex'))
  assert.equal(root.merkleRoot, Buffer.from(tree.root()).toString('hex'))
  assert.equal(verifyNote(root.checkpoint, [sessions.publicKey]).length, 1)
  assert.ok(root.checkpoint.startsWith(`${origin}/sessions/walk-1\n5\n`))
  assert.deepEqual(await sessions.finalize('walk-1'), root, 'finalising again says the same')
  assert.deepEqual(await sessions.root('walk-1'), root)

  const proof = await sessions.proof('walk-1', 3)
  const leafData = leafDataOf(parseChunkExtra(parseProof(proof).extra!))
  const proven = verifyProof(proof, { leafData, logKeys: [sessions.publicKey] })
  assert.deepEqual([proven.index, proven.size], [3, 5])
  assert.equal(Buffer.from(leafHash(leafData)).toString('hex'), receipts[3]!.leafHash)

  const deleted = await sessions.delete('walk-1')
  assert.equal(deleted.state, 'deleted')
  assert.deepEqual(await keysUnder(house.store, 'sessions/chunks/'), [])
  await refused('sessions.deleted', sessions.readChunk('walk-1', 3))
  await refused('sessions.deleted', post(sessions, 'walk-1', 5))
  const after = await sessions.proof('walk-1', 3)
  assert.deepEqual(parseChunkExtra(parseProof(after).extra!), { leafData: new Uint8Array(leafData) })
  verifyProof(after, { leafData, logKeys: [sessions.publicKey] })
  assert.deepEqual(await sessions.root('walk-1'), root, 'the root stays')
  assert.deepEqual(await sessions.delete('walk-1'), deleted)
  const actions = new Set(audit.filter(({ outcome }) => outcome === 'done').map(({ action }) => action))
  for (const action of ['chunk.process', 'chunk.read', 'proof', 'root', 'view', 'finalize', 'delete']) {
    assert.ok(actions.has(`sessions.${action}`), `${action} is in the audit log`)
  }
})

test('chunks of every size round the edges of frames', async t => {
  const house = await makeHouse(t)
  const { sessions } = await house.open()
  const frame = 256 * 1024
  const sizes = [0, 1, 63, 64, 16_384, frame - 1, frame, frame + 1, 2 * frame, 5 * frame + 17]
  for (const [index, size] of sizes.entries()) {
    const payload = payloadOf(index, size)
    const receipt = await post(sessions, 'sizes', index, payload)
    assert.deepEqual([receipt.plainBytes, receipt.sha256], [size, sha256(payload)])
    assert.deepEqual(await chunkOf(sessions, 'sizes', index), payload, `${size} bytes`)
  }
})

test('consistency between the roots of a growing session', async t => {
  const house = await makeHouse(t)
  const { sessions } = await house.open()
  await post(sessions, 'grow', 0)
  await post(sessions, 'grow', 1)
  await post(sessions, 'grow', 2)
  const before = await sessions.root('grow')
  for (let index = 3; index < 9; index++) await post(sessions, 'grow', index)
  const after = await sessions.root('grow')
  const { from, to, hashes } = await sessions.consistency('grow', 3)
  assert.deepEqual([from, to, before.treeSize, after.treeSize], [3, 9, 3, 9])
  const proof = hashes.map(hash => Buffer.from(hash, 'hex'))
  const roots = { fromRoot: Buffer.from(before.merkleRoot, 'hex'), toRoot: Buffer.from(after.merkleRoot, 'hex') }
  assert.ok(verifyConsistency({ from, to, proof, ...roots }))
  await refused('sessions.invalid-range', sessions.consistency('grow', 4, 3))
  await refused('sessions.invalid-range', sessions.consistency('grow', 4, 10))
  assert.equal((await sessions.tile('grow', 'tile/0/000.p/9'))?.length, 9 * 32)
  assert.equal(await sessions.tile('grow', '../../records/grow'), undefined)
})
