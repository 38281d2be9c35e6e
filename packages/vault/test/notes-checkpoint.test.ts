import assert from 'node:assert/strict'
import { sign } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { checkpointBytesMax, formatCheckpoint, parseCheckpoint, vouchesFor } from '../src/notes/checkpoint.ts'
import { cosign, verifyCosignature } from '../src/notes/cosignature.ts'
import { addSignatures, ed25519Signer, signNote, verifyNote } from '../src/notes/note.ts'
import { formatSignature } from '../src/notes/signature-line.ts'
import { formatVkey, keyHashOf } from '../src/notes/vkey.ts'
import { keyNamed, outcomeOf, refusal, someHash } from './notes-support.ts'

const log = ed25519Signer('log.example', keyNamed('log'))
const witnessKey = keyNamed('witness')
const witnessVkey = formatVkey('witness.example', witnessKey, 'cosignature')
const text = formatCheckpoint({ origin: 'log.example', size: 20852163, root: someHash(1) })

test('the example of the specification has the parts that it describes', () => {
  const example = 'example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n'
  const checkpoint = parseCheckpoint(example)
  assert.equal(checkpoint.origin, 'example.com/behind-the-sofa')
  assert.equal(checkpoint.size, 20852163)
  assert.equal(
    Buffer.from(checkpoint.root).toString('hex'),
    '0ac5186a91863e8e1d90c808014aa89bf5da8e3ee1d9f07630f0378f68f1ab62',
  )
  assert.deepEqual(checkpoint.extensions, [])
  assert.equal(formatCheckpoint(checkpoint), example)
})

test('a checkpoint of the Go checksum database verifies with its published key', () => {
  const note = `go.sum database tree
6476701
mb8QLQIs0Z0yP5Cstq6guj87oXWeC9gEM8oVikmm9Wk=

— sum.golang.org Az3grsLX85Gz+s1SiTbgkuqxgItqFq7gsMUEyVnrsa9LM7Us9S+1xbFIGu95949rj4nPRYfvimWEPWL+o3GeoWwOoAw=
`
  const vkey = 'sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8'
  assert.equal(verifyNote(note, [vkey]).length, 1)
  assert.throws(() => verifyNote(note.replace('6476701', '6476700'), [vkey]), refusal('vault.invalid-signature'))
})

test('VN2 a checkpoint has one form', () => {
  const root = Buffer.from(someHash(1)).toString('base64')
  const malformed: [string, RegExp][] = [
    ['', /fewer than three/],
    [`log.example\n1\n${root}`, /fewer than three/],
    [`log.example\n1\n`, /fewer than three/],
    [`\n1\n${root}\n`, /empty line/],
    [`log.example\n\n${root}\n`, /empty line/],
    [`log.example\n1\n${root}\n\n`, /empty line/],
    [`log.example\n1\n${root}\next\n\next\n`, /empty line/],
    [`log.example\n01\n${root}\n`, /leading zeros/],
    [`log.example\n+1\n${root}\n`, /decimal/],
    [`log.example\n-1\n${root}\n`, /decimal/],
    [`log.example\n1.0\n${root}\n`, /decimal/],
    [`log.example\n1e3\n${root}\n`, /decimal/],
    [`log.example\n 1\n${root}\n`, /decimal/],
    [`log.example\n٣\n${root}\n`, /decimal/],
    [`log.example\n9007199254740992\n${root}\n`, /decimal/],
    [`log.example\n18446744073709551616\n${root}\n`, /decimal/],
    [`log.example\n1\n${root.slice(0, -1)}\n`, /32-byte hash/],
    [`log.example\n1\n${root.slice(4)}\n`, /32-byte hash/],
    [`log.example\n1\n${root} \n`, /32-byte hash/],
    [`log.example\n1\n${root}\n${'x\n'.repeat(checkpointBytesMax / 2)}`, /longer than/],
  ]
  for (const [bytes, problem] of malformed)
    assert.throws(() => parseCheckpoint(bytes), refusal('vault.invalid-note', problem), JSON.stringify(bytes))
  assert.equal(parseCheckpoint(`a log with spaces\n0\n${root}\nan extension\n`).extensions.length, 1)
  assert.equal(parseCheckpoint(`log\n9007199254740991\n${root}\n`).size, Number.MAX_SAFE_INTEGER)
})

test('what is no checkpoint is not made', () => {
  const head = { origin: 'log.example', size: 1, root: someHash(1) }
  for (const wrong of [{ origin: '' }, { origin: 'two\nlines' }, { size: -1 }, { size: 1.5 }, { size: 2 ** 53 }])
    assert.throws(() => formatCheckpoint({ ...head, ...wrong }), /./)
  assert.throws(() => formatCheckpoint({ ...head, root: someHash(1).subarray(1) }), refusal('vault.invalid-argument'))
  for (const extensions of [[''], ['two\nlines'], ['a\ttab']])
    assert.throws(() => formatCheckpoint({ ...head, extensions }), /./)
})

test('VN2 any checkpoint that parses is written as the same bytes', () => {
  const line = fc.string({ unit: 'grapheme', maxLength: 20 })
  const size = fc.oneof(fc.nat().map(String), fc.string({ maxLength: 4 }))
  const root = fc.uint8Array({ minLength: 31, maxLength: 33 }).map(bytes => Buffer.from(bytes).toString('base64'))
  fc.assert(
    fc.property(line, size, root, fc.array(line, { maxLength: 3 }), (origin, count, hash, extensions) => {
      const bytes = [origin, count, hash, ...extensions].map(part => `${part}\n`).join('')
      const outcome = outcomeOf(() => parseCheckpoint(bytes))
      if ('code' in outcome) assert.equal(outcome.code, 'vault.invalid-note')
      else assert.equal(formatCheckpoint(outcome.value), bytes)
    }),
    { numRuns: 1000 },
  )
})

test('VN3 a key vouches for its own origin and those below it', () => {
  assert.ok(vouchesFor('log.example', 'log.example'))
  assert.ok(vouchesFor('log.example', 'log.example/sessions/1'))
  for (const origin of ['log.example2', 'log.exampl', 'other/log.example', 'LOG.example', ''])
    assert.ok(!vouchesFor('log.example', origin), origin)
})

test('a cosignature signs the lines that the specification says, with its time', () => {
  const line = cosign('witness.example', witnessKey, text, 1679315147)
  assert.deepEqual(verifyCosignature(line, text, witnessVkey), { timeSeconds: 1679315147 })
  const time = Buffer.from('00000000641850cb', 'hex')
  const signature = sign(null, Buffer.from(`cosignature/v1\ntime 1679315147\n${text}`), witnessKey)
  const keyHash = keyHashOf('witness.example', 'cosignature', witnessKey)
  const expected = { name: 'witness.example', keyHash, signature: Buffer.concat([time, signature]) }
  assert.equal(line, formatSignature(expected))
  const note = addSignatures(signNote(text, [log]), [line])
  assert.deepEqual(
    verifyNote(note, [log.vkey, witnessVkey]).map(({ name, timeSeconds }) => [name, timeSeconds]),
    [
      ['log.example', undefined],
      ['witness.example', 1679315147],
    ],
  )
})

test('VN1 a cosignature of another text, time, key or length is refused', () => {
  const line = cosign('witness.example', witnessKey, text, 1679315147)
  const bytes = Buffer.from(line.split(' ').at(-1)!, 'base64')
  const withBytes = (changed: Buffer) => `— witness.example ${changed.toString('base64')}`
  const other = formatCheckpoint({ origin: 'log.example', size: 20852164, root: someHash(1) })
  const refuses = (changed: string, of = text, vkey = witnessVkey) =>
    assert.throws(() => verifyCosignature(changed, of, vkey), refusal('vault.invalid-signature'))
  refuses(line, other)
  refuses(line, text, formatVkey('witness.example', keyNamed('other'), 'cosignature'))
  refuses(line.replace('witness.example', 'other.example'))
  refuses(withBytes(bytes.subarray(0, -1)))
  refuses(withBytes(Buffer.concat([bytes, Buffer.of(0)])))
  for (const [first, second] of [
    [0, 0],
    [0x80000000, 0],
    [0, 1679315148],
  ] as const) {
    const changed = Buffer.from(bytes)
    changed.writeUInt32BE(first, 4)
    changed.writeUInt32BE(second, 8)
    refuses(withBytes(changed))
  }
  assert.throws(() => verifyCosignature(line, 'not a checkpoint\n', witnessVkey), refusal('vault.invalid-note'))
  assert.throws(() => verifyCosignature(line, text, log.vkey), refusal('vault.invalid-argument'))
})

test('a cosignature needs a checkpoint and a time', () => {
  assert.throws(() => cosign('witness.example', witnessKey, 'a note\n', 1), refusal('vault.invalid-note'))
  for (const time of [0, -1, 1.5, Number.NaN])
    assert.throws(() => cosign('witness.example', witnessKey, text, time), refusal('vault.invalid-argument'))
})

test('a plain signature and a cosignature by the same key do not stand for each other', () => {
  const vkey = formatVkey('witness.example', witnessKey)
  const note = signNote(text, [ed25519Signer('witness.example', witnessKey)])
  assert.equal(verifyNote(note, [vkey]).length, 1)
  assert.throws(() => verifyNote(note, [witnessVkey]), refusal('vault.invalid-signature', /none of the trusted/))
})
