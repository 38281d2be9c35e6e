import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { leafHash, nodeHash, saltedLeaf } from '../src/merkle/index.ts'
import { formatCheckpoint } from '../src/notes/checkpoint.ts'
import { chunkExtra, leafDataOf, parseChunkExtra } from '../src/notes/chunk-extra.ts'
import { cosign } from '../src/notes/cosignature.ts'
import { addSignatures, ed25519Signer, signNote } from '../src/notes/note.ts'
import { formatProof, parseProof, proofExtraBytesMax } from '../src/notes/proof-file.ts'
import { verifyCheckpoint, verifyProof } from '../src/notes/verify-proof.ts'
import { formatVkey } from '../src/notes/vkey.ts'
import { flipBit, keyNamed, outcomeOf, refusal, someHash } from './notes-support.ts'

const log = ed25519Signer('chronicle.example', keyNamed('log'))
const witnesses = ['w1.example', 'w2.example', 'w3.example'].map(name => ({
  name,
  key: keyNamed(name),
  vkey: formatVkey(name, keyNamed(name), 'cosignature'),
}))
const witnessKeys = witnesses.map(({ vkey }) => vkey)

const salt = someHash(100)
const payloadSha256 = someHash(101)
const metadata = { frames: 30, mime: 'video/mp4', ünïcode: [null, true, 1.5] }
const leafData = saltedLeaf(salt, payloadSha256, metadata)
const extra = chunkExtra({ salt, payloadSha256, metadata })

/** A tree of three leaves, of which ours is the second. */
const [first, ours, third] = [leafHash(someHash(1)), leafHash(leafData), leafHash(someHash(3))]
const root = nodeHash(nodeHash(first, ours), third)
const head = { origin: 'chronicle.example/sessions/one', size: 3, root }
const text = formatCheckpoint(head)
const checkpoint = addSignatures(
  signNote(text, [log]),
  witnesses.slice(0, 2).map(({ name, key }, index) => cosign(name, key, text, 1_700_000_000 + index)),
)
const parts = { index: 1, proof: [first, third], checkpoint, extra }
const file = formatProof(parts)
const trusted = { leafData, logKeys: [log.vkey], witnessKeys, witnessesMin: 2 }

test('a proof of this version is still the same bytes, and verifies', () => {
  const golden = readFileSync(join(import.meta.dirname, 'golden/notes-v1.tlog-proof'), 'utf8')
  assert.equal(file, golden)
  assert.deepEqual(verifyProof(golden, trusted), {
    ...head,
    extensions: [],
    index: 1,
    signedBy: ['chronicle.example'],
    witnesses: [
      { name: 'w1.example', timeSeconds: 1_700_000_000 },
      { name: 'w2.example', timeSeconds: 1_700_000_001 },
    ],
  })
})

test('VN2 a proof says what it was made of, and writing it again gives the same bytes', () => {
  const parsed = parseProof(file)
  assert.equal(formatProof(parsed), file)
  assert.deepEqual(parsed.proof, parts.proof)
  const bare = formatProof({ index: 0, proof: [], checkpoint })
  assert.equal(bare, `c2sp.org/tlog-proof@v1\nindex 0\n\n${checkpoint}`)
  assert.deepEqual(parseProof(bare), { index: 0, proof: [], checkpoint, extra: undefined })
})

test('VN2 what is no proof to the byte is refused', () => {
  const [version, extraLine, index, hash] = file.split('\n') as [string, string, string, string]
  const malformed: [string, RegExp][] = [
    ['', /no empty line/],
    [checkpoint, /first line/],
    [file.replace('@v1', '@v2'), /first line/],
    [file.replace('@v1\n', '@v1 \n'), /first line/],
    [file.replace(`${index}\n`, ''), /index is missing/],
    [file.replace(index, 'index 01'), /leading zeros/],
    [file.replace(index, 'index -1'), /decimal/],
    [file.replace(index, 'index  1'), /decimal/],
    [file.replace(index, 'index 9007199254740992'), /decimal/],
    [file.replace(extraLine, 'extra '), /proof extra/],
    [file.replace(extraLine, 'extra not base64'), /proof extra/],
    [file.replace(extraLine, `${extraLine}\n${extraLine}`), /index is missing/],
    [file.replace(`${extraLine}\n${index}`, `${index}\n${extraLine}`), /32-byte hash/],
    [file.replace(hash, hash.slice(4)), /32-byte hash/],
    [file.replace(hash, ` ${hash}`), /32-byte hash/],
    [file.replace(`${hash}\n`, `${`${hash}\n`.repeat(64)}`), /more than 63/],
    [file.replace(`${version}\n`, `${version}\n\n`), /index is missing/],
    [file.replace(text, 'not a checkpoint\n'), /fewer than three/],
    [`${file}\n`, /signature line/],
    [file.replaceAll('\n', '\r\n'), /control character/],
  ]
  for (const [bytes, problem] of malformed)
    assert.throws(() => parseProof(bytes), refusal('vault.invalid-note', problem), bytes.slice(0, 80))
  const large = new Uint8Array(proofExtraBytesMax + 1)
  assert.throws(() => formatProof({ ...parts, extra: large }), refusal('vault.invalid-argument'))
  assert.throws(() => formatProof({ ...parts, index: 1.5 }), refusal('vault.invalid-note'))
})

test('VN4 a proof holds for its leaf, its place and its tree only', () => {
  const refuses = (changed: Partial<typeof parts>, changedTrust = {}) =>
    assert.throws(
      () => verifyProof(formatProof({ ...parts, ...changed }), { ...trusted, ...changedTrust }),
      refusal('vault.invalid-proof'),
    )
  refuses({}, { leafData: someHash(1) })
  refuses({ index: 0 })
  refuses({ index: 2 })
  refuses({ index: 3 })
  refuses({ proof: [third, first] })
  refuses({ proof: [first] })
  refuses({ proof: [first, third, third] })
  refuses({ proof: [] })
  const other = formatCheckpoint({ ...head, size: 5 })
  const cosigned = witnesses.slice(0, 2).map(({ name, key }) => cosign(name, key, other, 1))
  refuses({ checkpoint: addSignatures(signNote(other, [log]), cosigned) })
})

test('VN3 a checkpoint needs a key of its own log', () => {
  const stranger = ed25519Signer('stranger.example', keyNamed('stranger'))
  // Trusted, but for another log.
  const foreign = signNote(text, [stranger])
  const logKeys = [log.vkey, stranger.vkey]
  assert.throws(() => verifyCheckpoint(foreign, { logKeys }), refusal('vault.invalid-signature', /none of the trusted/))
  assert.throws(
    () => verifyCheckpoint(foreign, { logKeys: [stranger.vkey] }),
    refusal('vault.invalid-signature', /vouches for the origin/),
  )
  // Unless the caller says that this key stands for this origin.
  assert.equal(verifyCheckpoint(foreign, { logKeys: [stranger.vkey], origin: head.origin }).size, 3)
  assert.throws(
    () => verifyCheckpoint(checkpoint, { logKeys, origin: 'chronicle.example/sessions/two' }),
    refusal('vault.invalid-proof', /another log/),
  )
})

test('VN4 a quorum counts trusted witnesses, each key once', () => {
  const at = (witnessesMin: number | undefined, keys = witnessKeys) =>
    verifyCheckpoint(checkpoint, { logKeys: [log.vkey], witnessKeys: keys, witnessesMin }).witnesses.length
  assert.equal(at(0), 2)
  assert.equal(at(2), 2)
  assert.equal(at(undefined, witnessKeys.slice(0, 2)), 2)
  assert.equal(at(undefined, []), 0)
  assert.throws(() => at(3), refusal('vault.invalid-proof', /too few/))
  assert.throws(() => at(undefined), refusal('vault.invalid-proof', /too few/))
  for (const impossible of [-1, 4, 0.5]) assert.throws(() => at(impossible), refusal('vault.invalid-argument'))
  const alias = formatVkey('alias.example', witnesses[0]!.key, 'cosignature')
  assert.throws(() => at(1, [witnessKeys[0]!, alias]), refusal('vault.invalid-argument', /each public key once/))
  assert.throws(() => at(1, [log.vkey]), refusal('vault.invalid-argument', /witnessKeys/))
  // The same witness twice is one witness.
  const again = cosign('w1.example', witnesses[0]!.key, text, 1_800_000_000)
  const twice = addSignatures(checkpoint, [again])
  assert.throws(
    () => verifyCheckpoint(twice, { logKeys: [log.vkey], witnessKeys, witnessesMin: 3 }),
    refusal('vault.invalid-proof', /too few/),
  )
})

test('VN1 a trusted witness whose cosignature is wrong spoils the proof', () => {
  const wrong = cosign('w3.example', witnesses[2]!.key, formatCheckpoint({ ...head, size: 4 }), 1)
  const spoilt = formatProof({ ...parts, checkpoint: addSignatures(checkpoint, [wrong]) })
  assert.throws(() => verifyProof(spoilt, trusted), refusal('vault.invalid-signature', /w3\.example/))
  const stillGood = { ...trusted, witnessKeys: witnessKeys.slice(0, 2) }
  assert.equal(verifyProof(spoilt, stillGood).witnesses.length, 2)
})

// Seven is less than a byte: every byte is hit, each at another bit than the one before.
test('VN4 a flipped bit anywhere in a proof is refused, but for the extra line, which proves nothing', () => {
  const bytes = Buffer.from(file)
  const start = file.indexOf('extra ')
  const end = file.indexOf('\nindex')
  for (let bit = 0; bit < bytes.length * 8; bit += 7) {
    const outcome = outcomeOf(() => verifyProof(flipBit(bytes, bit), trusted))
    const inExtra = bit >> 3 >= start && bit >> 3 < end
    if (!inExtra) assert.ok('code' in outcome, `bit ${bit} was not noticed`)
  }
  // What the extra line says is proved by the leaf data that follow from it.
  const valueStart = start + 'extra '.length
  for (let bit = valueStart * 8; bit < end * 8; bit += 7) {
    const outcome = outcomeOf(() => {
      const flipped = flipBit(bytes, bit)
      const changed = parseChunkExtra(parseProof(flipped).extra!)
      return verifyProof(flipped, { ...trusted, leafData: leafDataOf(changed) })
    })
    assert.ok('code' in outcome, `bit ${bit} of the extra line was not noticed`)
  }
})

test('the leaf follows from salt, payload and metadata, or is known alone once these are destroyed', () => {
  const parsed = parseChunkExtra(parseProof(file).extra!)
  assert.deepEqual(leafDataOf(parsed), leafData)
  const destroyed = parseChunkExtra(chunkExtra({ leafData }))
  assert.deepEqual(destroyed, { leafData })
  const redacted = formatProof({ ...parts, extra: chunkExtra(destroyed) })
  assert.equal(verifyProof(redacted, { ...trusted, leafData: leafDataOf(destroyed) }).index, 1)
})

test('extra data have one form', () => {
  const bytes = Buffer.from(extra).toString()
  const [zeros, hex] = ['0'.repeat(64), Buffer.from(leafData).toString('hex')]
  assert.equal(Buffer.from(chunkExtra({ leafData })).toString(), `{"leafData":"${hex}","version":1}`)
  assert.throws(
    () => parseChunkExtra(Buffer.from(bytes.replace('"version":1', '"version":2'))),
    refusal('vault.newer-version'),
  )
  const malformed = [
    '',
    'null',
    '[]',
    '1',
    '{}',
    '{"version":1}',
    '{"leafData":null,"version":1}',
    `{"leafData":"${hex}"}`,
    `{"leafData":"${hex}","version":0}`,
    `{"leafData":"${hex}","version":"1"}`,
    `{"leafData":"${hex}", "version":1}`,
    `{"version":1,"leafData":"${hex}"}`,
    `{"leafData":"${hex}","other":1,"version":1}`,
    `{"leafData":"${zeros}","leafData":"${hex}","version":1}`,
    `{"leafData":"${hex.toUpperCase()}","version":1}`,
    `{"leafData":"${hex.slice(2)}","version":1}`,
    `{"leafData":"${hex}","version":1}\n`,
    bytes.replace('30', '30.0'),
    bytes.replace('30', '3e1'),
    bytes.replace('"metadata"', '"__proto__"'),
    bytes.replace(/"metadata":.*?,"payload/, '"payload'),
    `{"metadata":${'['.repeat(20_000)}${']'.repeat(20_000)},"payloadSha256":"${hex}","salt":"${hex}","version":1}`,
  ]
  for (const wrong of malformed)
    assert.throws(() => parseChunkExtra(Buffer.from(wrong)), refusal('vault.invalid-note'), wrong.slice(0, 80))
  const notJson = chunkExtra.bind(undefined, { salt, payloadSha256, metadata: undefined })
  assert.throws(notJson, refusal('vault.not-canonical'))
  const huge = { salt, payloadSha256, metadata: 'x'.repeat(proofExtraBytesMax) }
  assert.throws(() => chunkExtra(huge), refusal('vault.invalid-argument'))
  assert.throws(() => chunkExtra({ leafData: leafData.subarray(1) }), refusal('vault.invalid-argument'))
})

test('metadata of any depth that a leaf takes go into extra data', () => {
  let deep: unknown = 1
  for (let level = 0; level < 64; level++) deep = [deep]
  const made = { salt, payloadSha256, metadata: deep }
  assert.deepEqual(leafDataOf(parseChunkExtra(chunkExtra(made))), leafDataOf(made))
})

test('VN2 whatever bytes come, a proof is refused with a typed error or is exactly the one that was made', () => {
  const pieces = fc.constantFrom('\n', '\n\n', 'index ', 'extra ', 'index 2\n', '=', '— ', 'A'.repeat(44), log.vkey)
  const mutated = fc
    .tuple(fc.nat(file.length), fc.nat(60), fc.oneof(pieces, fc.string({ unit: 'binary', maxLength: 12 })))
    .map(([at, removed, added]) => file.slice(0, at) + added + file.slice(at + removed))
  fc.assert(
    fc.property(mutated, bytes => {
      const parsed = outcomeOf(() => parseProof(bytes))
      if ('code' in parsed) assert.equal(parsed.code, 'vault.invalid-note')
      else assert.equal(formatProof(parsed.value), bytes)
      const verified = outcomeOf(() => verifyProof(bytes, trusted))
      if ('code' in verified) return
      assert.deepEqual([verified.value.index, verified.value.size, verified.value.origin], [1, 3, head.origin])
      assert.ok(verified.value.witnesses.length >= 2)
    }),
    { numRuns: 1000 },
  )
  const garbage = fc.uint8Array({ maxLength: 300 })
  fc.assert(fc.property(garbage, bytes => 'code' in outcomeOf(() => verifyProof(bytes, trusted))))
  fc.assert(fc.property(garbage, bytes => 'code' in outcomeOf(() => parseChunkExtra(bytes))))
})
