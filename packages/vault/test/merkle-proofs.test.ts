import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '@chronicle/base'
import type { Hash } from '../src/merkle/contract.ts'
import { leafHash } from '../src/merkle/hash.ts'
import { consistencyProof, inclusionProof, treeRoot } from '../src/merkle/proofs.ts'
import { verifyConsistency, verifyInclusion } from '../src/merkle/verify.ts'
import { flipBit, hex, leaf, leaves, OddOneOut, Rfc6962, refusal, sides, someHash } from './merkle-support.ts'

const sizeMax = 2000
const rfc = new Rfc6962(leaves(0, sizeMax))
const hexes = (hashes: readonly Uint8Array[]): string[] => hashes.map(hex)

/** Every proof in which one thing is wrong. */
function* spoilt(proof: readonly Hash[]): Generator<Hash[]> {
  for (let at = 0; at <= proof.length; at++) yield proof.toSpliced(at, 0, someHash(at))
  for (let at = 0; at < proof.length; at++) {
    yield proof.toSpliced(at, 1)
    yield proof.toSpliced(at, 0, proof[at]!)
    yield proof.with(at, flipBit(proof[at]!, (at * 37) % 256))
    yield proof.with(at, proof[at]!.subarray(1))
    if (at > 0) yield proof.with(at, proof[at - 1]!).with(at - 1, proof[at]!)
  }
}

async function checkInclusion(index: number, size: number): Promise<void> {
  const proof = await inclusionProof(index, size, rfc)
  const claim = { index, size, leafHash: leafHash(leaf(index)), proof, root: rfc.mth(0, size) }
  assert.ok(verifyInclusion(claim), `leaf ${index} of ${size}`)
  assert.ok(!verifyInclusion({ ...claim, leafHash: someHash(index) }), `another leaf than ${index} of ${size}`)
}

async function checkElsewhere(index: number, size: number): Promise<void> {
  const proof = await inclusionProof(index, size, rfc)
  const claim = { index, size, leafHash: leafHash(leaf(index)), proof, root: rfc.mth(0, size) }
  assert.ok(!verifyInclusion({ ...claim, root: someHash(1) }), `leaf ${index} of ${size} under another root`)
  for (const [otherIndex, otherSize] of [
    [index + 1, size],
    [index - 1, size],
    [index, size + 1],
    [index, size - 1],
    [index, size * 2],
    [size - 1 - index, size],
  ] as const) {
    if (otherIndex < 0 || otherIndex >= otherSize) continue
    // A root does not say how many leaves it is of: where the path is the same, the signed size is what tells.
    const same = sides(otherIndex, otherSize) === sides(index, size)
    assert.equal(verifyInclusion({ ...claim, index: otherIndex, size: otherSize }), same, `${index} of ${size}`)
  }
}

async function checkSpoiltInclusion(index: number, size: number): Promise<void> {
  const proof = await inclusionProof(index, size, rfc)
  assert.deepEqual(hexes(proof), hexes(rfc.path(index, size)))
  const claim = { index, size, leafHash: leafHash(leaf(index)), root: rfc.mth(0, size) }
  for (const wrong of spoilt(proof)) assert.ok(!verifyInclusion({ ...claim, proof: wrong }), `${index} of ${size}`)
}

test('VM3: every leaf of every tree of up to 300 has a proof that verifies, and for no other leaf', async () => {
  for (let size = 1; size <= 300; size++) {
    for (let index = 0; index < size; index++) await checkInclusion(index, size)
  }
})

test('VM3: no proof verifies for another place, where the path is another: all of up to 100 leaves', async () => {
  for (let size = 1; size <= 100; size++) {
    for (let index = 0; index < size; index++) await checkElsewhere(index, size)
  }
})

test('VM3: proofs are those of the RFC, and no spoilt one verifies: all of up to 50 leaves', async () => {
  for (let size = 1; size <= 50; size++) {
    for (let index = 0; index < size; index++) await checkSpoiltInclusion(index, size)
  }
})

test('VM3: the same for some of up to 2,000 leaves', async () => {
  const random = seededRandom(6962)
  for (let round = 0; round < 500; round++) {
    const size = 1 + random.int(sizeMax - 1)
    const index = random.int(size)
    await checkInclusion(index, size)
    await checkElsewhere(index, size)
    await checkSpoiltInclusion(index, size)
  }
})

async function checkConsistency(from: number, to: number): Promise<void> {
  const proof = await consistencyProof(from, to, rfc)
  assert.deepEqual(hexes(proof), hexes(rfc.proof(from, to)))
  const claim = { from, to, fromRoot: rfc.mth(0, from), toRoot: rfc.mth(0, to), proof }
  assert.ok(verifyConsistency(claim), `${from} in ${to}`)
  assert.ok(!verifyConsistency({ ...claim, fromRoot: someHash(1) }), `another tree of ${from} in ${to}`)
  assert.ok(!verifyConsistency({ ...claim, toRoot: someHash(1) }), `${from} in another tree of ${to}`)
  assert.ok(from === to || !verifyConsistency({ ...claim, fromRoot: claim.toRoot, toRoot: claim.fromRoot }))
}

async function checkSpoiltConsistency(from: number, to: number): Promise<void> {
  const claim = { from, to, fromRoot: rfc.mth(0, from), toRoot: rfc.mth(0, to) }
  for (const wrong of spoilt(await consistencyProof(from, to, rfc))) {
    assert.ok(!verifyConsistency({ ...claim, proof: wrong }), `${from} in ${to}`)
  }
}

test('VM3: every tree of up to 200 leaves is shown to begin every larger one', async () => {
  for (let to = 1; to <= 200; to++) {
    for (let from = 1; from <= to; from++) await checkConsistency(from, to)
  }
})

test('VM3: no spoilt proof shows it: all of up to 40 leaves, some of up to 2,000', async () => {
  for (let to = 1; to <= 40; to++) {
    for (let from = 1; from <= to; from++) await checkSpoiltConsistency(from, to)
  }
  const random = seededRandom(9162)
  for (let round = 0; round < 500; round++) {
    const to = 1 + random.int(sizeMax - 1)
    const from = 1 + random.int(to)
    await checkConsistency(from, to)
    await checkSpoiltConsistency(from, to)
  }
})

test('VM3: a tree whose past was changed is not consistent with what it was', async () => {
  const honest = rfc.mth(0, 5)
  for (let changed = 0; changed < 5; changed++) {
    const forged = new Rfc6962(leaves(0, 9).with(changed, leaf(100)))
    const proof = await consistencyProof(5, 9, forged)
    assert.ok(!verifyConsistency({ from: 5, to: 9, fromRoot: honest, toRoot: forged.mth(0, 9), proof }))
  }
})

test('VM3: sizes beyond 32 bits', async () => {
  const random = seededRandom(53)
  const somewhere = (): number => random.int(2 ** 20) * 2 ** 32 + random.int(2 ** 32)
  for (let round = 0; round < 200; round++) {
    const size = round % 2 === 0 ? Number.MAX_SAFE_INTEGER : 2 + somewhere()
    const index = [0, size - 1, somewhere() % size, Math.floor(size / 2), Math.floor(size / 3)][round % 5]!
    const reader = new OddOneOut(index)
    const root = await treeRoot(size, reader)
    const odd = leafHash(leaf(1))
    const proof = await inclusionProof(index, size, reader)
    assert.ok(verifyInclusion({ index, size, leafHash: odd, proof, root }), `${index} of ${size}`)
    const elsewhere = index === 0 ? 1 : index - 1
    assert.ok(!verifyInclusion({ index: elsewhere, size, leafHash: odd, proof, root }), `${elsewhere} of ${size}`)
    const from = 1 + (somewhere() % size)
    const grown = await consistencyProof(from, size, reader)
    const claim = { from, to: size, fromRoot: await treeRoot(from, reader), toRoot: root, proof: grown }
    assert.ok(verifyConsistency(claim), `${from} in ${size}`)
    assert.ok(from === size || !verifyConsistency({ ...claim, fromRoot: someHash(0) }))
  }
})

test('the root of every size over a reader', async () => {
  for (let size = 0; size <= 300; size++) assert.equal(hex(await treeRoot(size, rfc)), hex(rfc.mth(0, size)))
})

test('what lies outside of the tree is refused', async () => {
  const invalid = refusal('vault.invalid-argument')
  for (const index of [-1, 7, 0.5, Number.NaN, 2 ** 53]) await assert.rejects(inclusionProof(index, 7, rfc), invalid)
  for (const size of [-1, 0, 2 ** 53, Number.NaN]) await assert.rejects(inclusionProof(0, size, rfc), invalid)
  for (const [from, to] of [
    [-1, 7],
    [8, 7],
    [1.5, 7],
    [1, 2 ** 53],
  ] as const) {
    await assert.rejects(consistencyProof(from, to, rfc), invalid)
  }
  await assert.rejects(treeRoot(-1, rfc), invalid)
  assert.deepEqual(await consistencyProof(0, 7, rfc), [])
  assert.deepEqual(await consistencyProof(7, 7, rfc), [])
})
