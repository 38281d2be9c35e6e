import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { emptyRoot, leafHash, nodeHash } from '../src/merkle/hash.ts'
import { proofHashesMax, verifyConsistency, verifyInclusion } from '../src/merkle/verify.ts'
import { flipBit, fromHex, leaf, leaves, Rfc6962, someHash } from './merkle-support.ts'

const sound = {
  index: 0,
  size: 8,
  leafHash: fromHex('6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d'),
  root: fromHex('5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328'),
  proof: [
    '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
    '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
    '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
  ].map(fromHex),
}
const grown = { from: 1, to: 8, fromRoot: sound.leafHash, toRoot: sound.root, proof: sound.proof }

test('the proofs that implementations of Certificate Transparency are tested with', () => {
  assert.ok(verifyInclusion(sound))
  assert.ok(verifyConsistency(grown))
  const leaf5 = {
    ...sound,
    index: 5,
    leafHash: fromHex('4271a26be0d8a84f0bd54c8c302e7cb3a3b5d1fa6780a40bcce2873477dab658'),
    proof: [
      'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
      'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    ].map(fromHex),
  }
  assert.ok(verifyInclusion(leaf5))
})

type Argon = {
  size: number
  root: string
  index: number
  leafHash: string
  inclusion: string[]
  from: number
  fromRoot: string
  consistency: string[]
}

test('proofs of a log with 961,984,013 certificates, as it answered', () => {
  const text = readFileSync(new URL('./golden/merkle-argon2020.json', import.meta.url), 'utf8')
  const argon: Argon = JSON.parse(text)
  const base64 = (hash: string): Uint8Array => new Uint8Array(Buffer.from(hash, 'base64'))
  const { size, index, from } = argon
  const root = base64(argon.root)
  const inclusion = argon.inclusion.map(base64)
  const consistency = argon.consistency.map(base64)
  assert.ok(verifyInclusion({ index, size, leafHash: base64(argon.leafHash), proof: inclusion, root }))
  assert.ok(!verifyInclusion({ index: index + 1, size, leafHash: base64(argon.leafHash), proof: inclusion, root }))
  const claim = { from, to: size, fromRoot: base64(argon.fromRoot), toRoot: root, proof: consistency }
  assert.ok(verifyConsistency(claim))
  for (let at = 0; at < consistency.length; at++) {
    assert.ok(!verifyConsistency({ ...claim, proof: consistency.with(at, flipBit(consistency[at]!, at)) }))
  }
})

test('VM2: no flipped bit of a leaf, a root or a proof passes', () => {
  for (let bit = 0; bit < 256; bit++) {
    assert.ok(!verifyInclusion({ ...sound, leafHash: flipBit(sound.leafHash, bit) }))
    assert.ok(!verifyInclusion({ ...sound, root: flipBit(sound.root, bit) }))
    assert.ok(!verifyConsistency({ ...grown, fromRoot: flipBit(grown.fromRoot, bit) }))
    assert.ok(!verifyConsistency({ ...grown, toRoot: flipBit(grown.toRoot, bit) }))
    sound.proof.forEach((hash, at) => {
      const proof = sound.proof.with(at, flipBit(hash, bit))
      assert.ok(!verifyInclusion({ ...sound, proof }))
      assert.ok(!verifyConsistency({ ...grown, proof }))
    })
  }
})

test('the edges: trees of one leaf, of none, and of one size', () => {
  const one = leafHash(leaf(0))
  assert.ok(verifyInclusion({ index: 0, size: 1, leafHash: one, proof: [], root: one }))
  assert.ok(!verifyInclusion({ index: 0, size: 1, leafHash: one, proof: [], root: someHash(1) }))
  assert.ok(!verifyInclusion({ index: 0, size: 1, leafHash: one, proof: [one], root: one }))
  assert.ok(!verifyInclusion({ index: 0, size: 0, leafHash: one, proof: [], root: one }))
  const same = { from: 3, to: 3, fromRoot: one, toRoot: one, proof: [] }
  assert.ok(verifyConsistency(same))
  assert.ok(!verifyConsistency({ ...same, toRoot: someHash(1) }))
  assert.ok(!verifyConsistency({ ...same, proof: [one] }))
  const none = { from: 0, to: 3, fromRoot: emptyRoot, toRoot: one, proof: [] }
  assert.ok(verifyConsistency(none))
  assert.ok(verifyConsistency({ ...none, to: 0, toRoot: emptyRoot }))
  assert.ok(!verifyConsistency({ ...none, to: 0 }))
  assert.ok(!verifyConsistency({ ...none, fromRoot: one }))
  assert.ok(!verifyConsistency({ ...none, proof: [one] }))
  assert.ok(!verifyConsistency({ ...none, from: 3, to: 2 }))
  assert.ok(!verifyConsistency({ from: 3, to: 5, fromRoot: one, toRoot: one, proof: [] }))
})

const anything = fc.oneof(
  fc.anything({ withTypedArray: true, withSparseArray: true, withBigInt: true, withNullPrototype: true }),
  fc.constantFrom(-1, -0, 0.5, 2 ** 31, 2 ** 32, 2 ** 53 - 1, 2 ** 53, Number.NaN, Number.POSITIVE_INFINITY, 8n, '8'),
  fc.array(fc.uint8Array({ minLength: 31, maxLength: 33 }), { maxLength: 60 }),
)

test('VM2: whatever is in place of a field or of the claim, the answer is false and nothing is thrown', () => {
  const verifyAny = (verify: (claim: never) => boolean, claim: unknown): boolean => verify(claim as never)
  fc.assert(
    fc.property(anything, fc.nat(4), (value, field) => {
      for (const [verify, claim] of [
        [verifyInclusion, sound],
        [verifyConsistency, grown],
      ] as const) {
        assert.equal(verifyAny(verify, value), false)
        const name = Object.keys(claim)[field]!
        // Other small sizes may have the same path.
        const plausible = typeof value === 'number' && value >= 0 && value <= 8
        if (!plausible) assert.equal(verifyAny(verify, { ...claim, [name]: value }), false)
      }
    }),
    { numRuns: 2000 },
  )
})

test('VM2: hashes and sizes at random never pass', () => {
  const hash = fc.uint8Array({ minLength: 32, maxLength: 32 })
  const size = fc.maxSafeNat()
  fc.assert(
    fc.property(size, size, hash, hash, fc.array(hash, { maxLength: 60 }), (a, b, first, second, proof) => {
      assert.equal(verifyInclusion({ index: a, size: b, leafHash: first, proof, root: second }), false)
      if (a > 0) assert.equal(verifyConsistency({ from: a, to: b, fromRoot: first, toRoot: second, proof }), false)
    }),
    { numRuns: 1000 },
  )
})

test('VM2: a proof that goes on above the root is refused, also where the hashes fit', () => {
  const one = leafHash(leaf(0))
  const more = someHash(1)
  for (const root of [nodeHash(more, one), nodeHash(one, more)]) {
    assert.ok(!verifyInclusion({ index: 0, size: 1, leafHash: one, proof: [more], root }))
  }
  const proof = [...sound.proof, more]
  for (const root of [nodeHash(more, sound.root), nodeHash(sound.root, more)]) {
    assert.ok(!verifyInclusion({ ...sound, proof, root }))
    assert.ok(!verifyConsistency({ ...grown, proof, toRoot: root }))
  }
  const rfc = new Rfc6962(leaves(0, 8))
  const three = { from: 3, to: 8, fromRoot: rfc.mth(0, 3), toRoot: rfc.mth(0, 8), proof: rfc.proof(3, 8) }
  assert.ok(verifyConsistency(three))
  const above = { fromRoot: nodeHash(more, three.fromRoot), toRoot: nodeHash(more, three.toRoot) }
  assert.ok(!verifyConsistency({ ...three, ...above, proof: [...three.proof, more] }))
})

test('VM2: a proof of any length is refused before it is walked', () => {
  let looks = 0
  const watched = new Proxy(new Array(proofHashesMax + 1).fill(someHash(0)), {
    get(target, name) {
      if (name !== 'length') looks++
      return Reflect.get(target, name)
    },
  })
  assert.equal(verifyInclusion({ ...sound, size: Number.MAX_SAFE_INTEGER, proof: watched }), false)
  assert.equal(verifyConsistency({ ...grown, to: Number.MAX_SAFE_INTEGER, proof: watched }), false)
  assert.equal(looks, 0)
  const endless = new Array(2 ** 32 - 1)
  const long = new Array(proofHashesMax + 1).fill(someHash(0))
  for (const proof of [endless, long]) {
    assert.equal(verifyInclusion({ ...sound, size: Number.MAX_SAFE_INTEGER, proof }), false)
    assert.equal(verifyConsistency({ ...grown, to: Number.MAX_SAFE_INTEGER, proof }), false)
  }
})
