import assert from 'node:assert/strict'
import { test } from 'node:test'
import { canonicalJson, leafHash, MerkleTree, saltedLeaf, type TileStorage, TileTree } from '@chronicle/vault'
import fc from 'fast-check'
import { decodeLeafMetadata, encodeLeafMetadata, leafMetadata } from '../src/leaf.ts'
import { Leaves } from '../src/leaves.ts'
import { sha256 } from './support.ts'

function memoryTiles(): TileStorage {
  const tiles = new Map<string, Uint8Array>()
  return {
    read: async path => tiles.get(path),
    write: async (path, bytes) => void tiles.set(path, bytes),
    remove: async path => void tiles.delete(path),
  }
}

const factsOf = (index: number) => ({
  leafData: Buffer.from(sha256(Buffer.from(`leaf ${index}`)), 'hex'),
  plainBytes: index + 1,
  storedBytes: index + 2,
})

test('SE2: any order of posts, with tiles written at any time, gives the same root', async () => {
  const orders = fc.integer({ min: 1, max: 600 }).chain(size =>
    fc.tuple(
      fc.shuffledSubarray(
        Array.from({ length: size }, (_, index) => index),
        { minLength: size, maxLength: size },
      ),
      fc.array(fc.integer({ min: 0, max: size }), { maxLength: 5 }),
    ),
  )
  await fc.assert(
    fc.asyncProperty(orders, async ([order, flushes]) => {
      const leaves = new Leaves(await TileTree.open(memoryTiles()), { chunks: 0, plainBytes: 0, storedBytes: 0 })
      const expected = new MerkleTree()
      for (let index = 0; index < order.length; index++) expected.append(leafHash(factsOf(index).leafData))
      const flushing = []
      for (const [at, index] of order.entries()) {
        // What comes while tiles are being written waits.
        if (flushes.includes(at)) {
          await Promise.all(flushing)
          flushing.push(leaves.flush())
        }
        leaves.learn(index, factsOf(index))
        leaves.learn(index, factsOf(index))
        assert.ok(leaves.knows(index))
      }
      await Promise.all(flushing)
      const { tree, covered } = await leaves.flush()
      assert.deepEqual([leaves.size, tree.size, covered.chunks], [order.length, order.length, order.length])
      assert.deepEqual(covered, leaves.totals)
      assert.deepEqual(Buffer.from(leaves.tree.root()), Buffer.from(expected.root()))
      assert.deepEqual(leaves.missing(10), [])
    }),
    { numRuns: 40 },
  )
})

test('SE3: how far ahead a chunk may be is limited; what is missing is named in ranges', async () => {
  const leaves = new Leaves(await TileTree.open(memoryTiles()), { chunks: 0, plainBytes: 0, storedBytes: 0 })
  assert.equal(leaves.isTooFarAhead(4095), false)
  assert.equal(leaves.isTooFarAhead(4096), true)
  for (const index of [0, 1, 3, 7, 8, 12]) leaves.learn(index, factsOf(index))
  assert.equal(leaves.isTooFarAhead(4097), false)
  const ranges = [
    { from: 2, to: 2 },
    { from: 4, to: 6 },
    { from: 9, to: 11 },
  ]
  assert.deepEqual(leaves.missing(10), ranges)
  assert.deepEqual(leaves.missing(2), ranges.slice(0, 2))
  assert.deepEqual(leaves.totals, { chunks: 6, plainBytes: 37, storedBytes: 43 })
})

test('the leaf is as the README defines it', () => {
  const metadata = leafMetadata('walk-1', 7, { z: [1, 'é'], a: null })
  const encoded = encodeLeafMetadata(metadata)
  const text = '{"chunk_index":7,"metadata":{"a":null,"z":[1,"é"]},"session_id":"walk-1"}'
  assert.equal(Buffer.from(encoded).toString(), text)
  assert.deepEqual(decodeLeafMetadata(encoded), metadata)
  const salt = Buffer.alloc(32, 1)
  const payload = Buffer.from(sha256(Buffer.from('payload')), 'hex')
  const byHand = sha256(Buffer.concat([salt, payload, Buffer.from(text)]))
  assert.equal(Buffer.from(saltedLeaf(salt, payload, metadata)).toString('hex'), byHand)
  assert.equal(canonicalJson(leafMetadata('a', 0, undefined)), '{"chunk_index":0,"metadata":null,"session_id":"a"}')
  for (const bad of ['', '{}', '[]', '{"chunk_index":0,"metadata":1,"session_id":"a"}', 'null']) {
    assert.equal(decodeLeafMetadata(Buffer.from(bad)), undefined)
  }
})
