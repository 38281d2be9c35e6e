import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { crc32c } from '@chronicle/base'
import fc from 'fast-check'
import { emptyRoot, leafHash } from '../src/merkle/hash.ts'
import { MerkleTree } from '../src/merkle/tree.ts'
import { decodeTreeState, encodeTreeState } from '../src/merkle/tree-state.ts'
import { flipBit, fromHex, hex, leaf, leaves, OddOneOut, Rfc6962, refusal } from './merkle-support.ts'

/** The inputs and roots that implementations of Certificate Transparency are tested with. */
const inputs = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f']
const roots = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
]

test('the roots of RFC 6962 over the inputs of Certificate Transparency', () => {
  const tree = new MerkleTree()
  assert.equal(hex(emptyRoot), roots[0])
  assert.equal(hex(tree.root()), roots[0])
  inputs.forEach((input, index) => {
    tree.append(leafHash(fromHex(input)))
    assert.equal(hex(tree.root()), roots[index + 1])
  })
})

test('a leaf hash takes data of any length', () => {
  assert.equal(
    hex(leafHash(Buffer.from('L123456'))),
    '395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56',
  )
})

test('VM1: every tree of up to 2,000 leaves has the root that the RFC defines', () => {
  const rfc = new Rfc6962(leaves(0, 2000))
  const tree = new MerkleTree()
  for (let size = 1; size <= 2000; size++) {
    tree.append(leafHash(leaf(size - 1)))
    assert.equal(hex(tree.root()), hex(rfc.mth(0, size)))
  }
})

test('VM1: a tree has one root and one state in whatever batches it was grown, over states kept in between', () => {
  const step = fc.record({ leaves: fc.nat(70), reopen: fc.boolean() })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), steps => {
      let grown = new MerkleTree()
      const whole = new MerkleTree()
      for (const { leaves: count, reopen } of steps) {
        const hashes = leaves(grown.size, grown.size + count).map(leafHash)
        for (const hash of hashes) whole.append(hash)
        grown.appendAll(new Uint8Array(Buffer.concat(hashes)))
        if (reopen) grown = new MerkleTree(decodeTreeState(encodeTreeState(grown.state())))
      }
      assert.deepEqual(grown.root(), whole.root())
      assert.deepEqual(grown.state(), whole.state())
    }),
  )
})

test('VM1: what was given out does not change when the tree grows, and what was given in is not kept', () => {
  const first = leafHash(leaf(0))
  const tree = new MerkleTree()
  tree.append(first)
  const root = tree.root()
  const state = tree.state()
  first.fill(0)
  tree.appendAll(new Uint8Array(64))
  assert.deepEqual(root, leafHash(leaf(0)))
  assert.deepEqual(state, { size: 1, peaks: [root] })
  root.fill(0)
  new MerkleTree().root().fill(0)
  assert.equal(hex(new MerkleTree().root()), roots[0])
})

test('a tree grows to 2^53 − 1 leaves and no further', async () => {
  const size = Number.MAX_SAFE_INTEGER - 1
  const reader = new OddOneOut(size)
  const peaks = await Promise.all(Array.from({ length: 52 }, (_, at) => reader.hash(52 - at, 0)))
  const tree = new MerkleTree({ size, peaks })
  tree.append(await reader.hash(0, size))
  assert.equal(tree.size, Number.MAX_SAFE_INTEGER)
  assert.equal(tree.state().peaks.length, 53)
  assert.deepEqual(decodeTreeState(encodeTreeState(tree.state())), tree.state())
  assert.throws(() => tree.append(leaf(0)), refusal('vault.invalid-argument', /size/))
  assert.throws(() => tree.appendAll(leaf(0)), refusal('vault.invalid-argument', /size/))
})

test('hashes and states of another shape are refused', () => {
  const tree = new MerkleTree()
  for (const bytes of [0, 31, 33, 64])
    assert.throws(() => tree.append(new Uint8Array(bytes)), refusal('vault.invalid-argument'))
  assert.throws(() => tree.appendAll(new Uint8Array(33)), refusal('vault.invalid-argument'))
  assert.equal(tree.size, 0)
  const peak = leaf(0)
  for (const state of [
    { size: -1, peaks: [] },
    { size: 1.5, peaks: [peak] },
    { size: 2 ** 53, peaks: [peak] },
    { size: 3, peaks: [peak] },
    { size: 0, peaks: [peak] },
    { size: 1, peaks: [peak.subarray(1)] },
  ]) {
    assert.throws(() => new MerkleTree(state), refusal('vault.invalid-argument'))
    assert.throws(() => encodeTreeState(state), refusal('vault.invalid-argument'))
  }
})

function treeOf(size: number): MerkleTree {
  const tree = new MerkleTree()
  for (const data of leaves(0, size)) tree.append(leafHash(data))
  return tree
}

const golden = fromHex(readFileSync(new URL('./golden/merkle-state-v1.hex', import.meta.url), 'latin1').trim())

test('version 1 of the state is written as it always was, and read', () => {
  assert.equal(hex(encodeTreeState(treeOf(11).state())), hex(golden))
  assert.deepEqual(decodeTreeState(golden), treeOf(11).state())
  const reused = Buffer.from(golden)
  const state = decodeTreeState(reused)
  reused.fill(0)
  assert.deepEqual(state, treeOf(11).state())
})

test('VM12: no changed bit and no other length of a state passes', () => {
  for (let bit = 0; bit < golden.length * 8; bit++) {
    assert.throws(() => decodeTreeState(flipBit(golden, bit)), refusal('vault.tree-damaged'))
  }
  for (let length = 0; length < golden.length; length++) {
    assert.throws(() => decodeTreeState(golden.subarray(0, length)), refusal('vault.tree-damaged'))
  }
  assert.throws(() => decodeTreeState(Buffer.concat([golden, golden])), refusal('vault.tree-damaged'))
})

/** With a checksum that is right, so that only the field itself is wrong. */
function changed(change: (bytes: Buffer) => void): Buffer {
  const bytes = Buffer.from(golden)
  change(bytes)
  bytes.writeUInt32BE(crc32c(bytes.subarray(0, -4)), bytes.length - 4)
  return bytes
}

test('VM12: a field that no writer writes is refused, a later version by its own name', () => {
  const sizes = [0n, 10n, 15n, 2n ** 53n, 2n ** 64n - 1n]
  for (const size of sizes) {
    assert.throws(
      () => decodeTreeState(changed(bytes => bytes.writeBigUInt64BE(size, 8))),
      refusal('vault.tree-damaged'),
    )
  }
  assert.throws(() => decodeTreeState(changed(bytes => bytes.writeUInt16BE(1, 6))), refusal('vault.tree-damaged'))
  assert.throws(() => decodeTreeState(changed(bytes => bytes.writeUInt16BE(0, 4))), refusal('vault.tree-damaged'))
  assert.throws(() => decodeTreeState(changed(bytes => bytes.writeUInt16BE(2, 4))), refusal('vault.newer-version'))
})
