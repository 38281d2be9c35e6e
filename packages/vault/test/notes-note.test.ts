import assert from 'node:assert/strict'
import { createPublicKey } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { addSignatures, ed25519Signer, noteSignaturesMax, parseNote, signNote, verifyNote } from '../src/notes/note.ts'
import { formatSignature } from '../src/notes/signature-line.ts'
import { noteBytesMax } from '../src/notes/text.ts'
import { formatVkey, parseVkey } from '../src/notes/vkey.ts'
import { flipBit, keyNamed, keyOfSeed, outcomeOf, refusal } from './notes-support.ts'

/** The example of C2SP signed-note. */
const c2sp = {
  vkey: 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k',
  note: `This is an example message.

— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=
`,
}

/** The examples of Go's golang.org/x/mod/sumdb/note; the seed is what follows the type in its PRIVATE+KEY. */
const peter = {
  seed: Buffer.from('AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz', 'base64').subarray(1),
  vkey: 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW',
  text: "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n",
  line: '— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=',
}
const enoch = {
  vkey: 'EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop',
  line: '— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=',
}

const alice = ed25519Signer('alice.example/log', keyNamed('alice'))
const bob = ed25519Signer('bob.example/log', keyNamed('bob'))
const text = 'one line\n\nand another\n'

test('the example of the specification verifies', () => {
  assert.deepEqual(
    verifyNote(c2sp.note, [c2sp.vkey]).map(({ name }) => name),
    ['example.com/foo'],
  )
})

test('the examples of Go verify, and the same key makes the same note and verifier key', () => {
  const note = `${peter.text}\n${peter.line}\n${enoch.line}\n`
  assert.equal(verifyNote(note, [peter.vkey, enoch.vkey]).length, 2)
  const signer = ed25519Signer('PeterNeumann', keyOfSeed(peter.seed))
  assert.equal(signer.vkey, peter.vkey)
  assert.equal(signNote(peter.text, [signer]), `${peter.text}\n${peter.line}\n`)
  assert.equal(addSignatures(`${peter.text}\n${peter.line}\n`, [enoch.line]), note)
})

test('keys of RFC 8032, section 7.1, have the public keys that it gives', () => {
  const vectors = [
    [
      '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
      'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    ],
    [
      '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
      '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
    ],
    [
      'c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7',
      'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
    ],
  ] as const
  for (const [seed, publicKey] of vectors) {
    const encoded = formatVkey('rfc8032', keyOfSeed(Buffer.from(seed, 'hex')))
      .split('+')
      .slice(2)
      .join('+')
    assert.equal(Buffer.from(encoded, 'base64').toString('hex'), `01${publicKey}`)
  }
})

test('the text of a note ends at its last empty line, and parsing loses nothing', () => {
  const note = signNote(text, [alice, bob])
  const parsed = parseNote(note)
  assert.equal(parsed.text, text)
  assert.deepEqual(
    parsed.signatures.map(({ name }) => name),
    ['alice.example/log', 'bob.example/log'],
  )
  assert.equal(`${parsed.text}\n${parsed.signatures.map(line => `${formatSignature(line)}\n`).join('')}`, note)
  assert.deepEqual(parseNote(Buffer.from(note)), parsed)
})

test('VN1 a note needs a trusted signature, and no wrong one of a trusted key', () => {
  const note = signNote(text, [alice, bob])
  assert.equal(verifyNote(note, [alice.vkey]).length, 1)
  assert.throws(() => verifyNote(note, []), refusal('vault.invalid-signature', /none of the trusted keys/))
  const stranger = formatVkey('alice.example/log', keyNamed('mallory'))
  assert.throws(() => verifyNote(note, [stranger]), refusal('vault.invalid-signature', /none of the trusted keys/))

  const forged = note.replace('one line', 'two line')
  assert.throws(() => verifyNote(forged, [alice.vkey]), refusal('vault.invalid-signature', /does not verify/))
  // Bob's line stands in Alice's note; his signature is of another text.
  const other = signNote('other\n', [bob]).split('\n').at(-2)!
  const mixed = addSignatures(signNote(text, [alice]), [other])
  assert.equal(verifyNote(mixed, [alice.vkey]).length, 1)
  assert.throws(() => verifyNote(mixed, [alice.vkey, bob.vkey]), refusal('vault.invalid-signature', /bob\.example/))
})

test('VN1 a good signature does not excuse a bad one of the same key, in either order', () => {
  const good = alice.sign(text)
  const bad = alice.sign('other\n')
  for (const lines of [`${good}\n${bad}\n`, `${bad}\n${good}\n`])
    assert.throws(() => verifyNote(`${text}\n${lines}`, [alice.vkey]), refusal('vault.invalid-signature'))
  assert.equal(verifyNote(`${text}\n${good}\n${good}\n`, [alice.vkey]).length, 1)
})

test('VN2 what is not a note to the byte is refused', () => {
  const note = signNote('a text\n', [alice])
  const line = note.split('\n').at(-2)!
  const base64 = line.split(' ')[2]!
  const malformed: [string, string | Uint8Array, RegExp][] = [
    ['nothing', '', /no empty line/],
    ['no signature', 'a text\n\n', /signature line is missing/],
    ['no empty line', `a text\n${line}\n`, /no empty line/],
    ['no end', note.slice(0, -1), /has no end/],
    ['hyphen', note.replace('—', '-'), /em dash/],
    ['two spaces', note.replace('— ', '—  '), /name of its key/],
    ['more behind it', note.replace(base64, `${base64} more`), /not a name, a space/],
    ['no signature behind the name', note.replace(` ${base64}`, ''), /not a name, a space/],
    ['space in the name', note.replace('alice.example', 'alice\u2003example'), /name of its key/],
    ['plus in the name', note.replace('alice.example', 'alice+example'), /name of its key/],
    ['no padding', note.replace(/=+\n$/, '\n'), /base64/],
    ['url base64', note.replace(base64, base64.replaceAll('+', '-').replaceAll('/', '_')), /base64/],
    ['key hash only', note.replace(base64, 'AAAAAA=='), /base64/],
    ['unused bits', note.replace(base64, 'AAAAAAB='), /base64/],
    ['empty line at the end', `${note}\n`, /signature line is missing/],
    ['carriage return', note.replaceAll('\n', '\r\n'), /control character/],
    ['tab', note.replace('a text', 'a\ttext'), /control character/],
    ['null', note.replace('a text', 'a\0text'), /control character/],
    ['not UTF-8', Buffer.from(note.replace('a text', 'a \u00fctext'), 'latin1'), /not UTF-8/],
    ['half of a surrogate pair', note.replace('a text', 'a \ud800text'), /surrogate/],
  ]
  for (const [name, bytes, problem] of malformed)
    assert.throws(() => parseNote(bytes), refusal('vault.invalid-note', problem), name)
})

test('a byte order mark is text: it is neither dropped nor signed away', () => {
  const note = signNote('\ufeffmarked\n', [alice])
  assert.equal(parseNote(Buffer.from(note)).text, '\ufeffmarked\n')
  assert.throws(() => verifyNote(note.slice(1), [alice.vkey]), refusal('vault.invalid-signature'))
})

test('the sizes of notes are bounded', () => {
  const lines = (count: number) => `${alice.sign(text)}\n`.repeat(count)
  assert.equal(parseNote(`${text}\n${lines(noteSignaturesMax)}`).signatures.length, noteSignaturesMax)
  assert.throws(() => parseNote(`${text}\n${lines(noteSignaturesMax + 1)}`), refusal('vault.invalid-note', /more than/))
  const long = `${'x'.repeat(noteBytesMax)}\n`
  assert.throws(() => signNote(long, [alice]), refusal('vault.invalid-note', /longer than/))
})

test('what is not fit to be signed is refused', () => {
  assert.throws(() => signNote('no end', [alice]), refusal('vault.invalid-note', /no end/))
  assert.throws(() => signNote('a\ttab\n', [alice]), refusal('vault.invalid-note', /control/))
  assert.throws(() => signNote(text, []), refusal('vault.invalid-argument'))
  for (const name of ['', 'two words', 'a+b', 'a\u00a0b', 'a\u0007b', 'x'.repeat(256)])
    assert.throws(() => ed25519Signer(name, keyNamed('alice')), refusal('vault.invalid-argument'), name)
})

test('a verifier key has one form, and says both kinds of keys apart', () => {
  const key = keyNamed('alice')
  for (const type of ['ed25519', 'cosignature'] as const) {
    const vkey = formatVkey('alice.example', key, type)
    assert.equal(formatVkey('alice.example', createPublicKey(key), type), vkey)
    const parsed = parseVkey(vkey)
    assert.deepEqual([parsed.name, parsed.type], ['alice.example', type])
    assert.equal(formatVkey(parsed.name, parsed.publicKey, parsed.type), vkey)
  }
  const [name, hash, encoded] = c2sp.vkey.split('+') as [string, string, string]
  const damaged = [
    '',
    '++',
    name,
    `${name}+${hash}`,
    `${name}+${hash.toUpperCase()}+${encoded}`,
    `${name}+530d903b+${encoded}`,
    `other+${hash}+${encoded}`,
    `+${hash}+${encoded}`,
    `${name}+${hash}+${encoded}=`,
    `${name}+${hash}+${encoded.slice(0, -4)}`,
    `${name}+${hash}+Av${encoded.slice(2)}`,
    `${c2sp.vkey}\n`,
    'x'.repeat(100_000),
  ]
  for (const vkey of damaged) assert.throws(() => parseVkey(vkey), refusal('vault.invalid-argument'), vkey)
})

test('VN1 a flipped bit anywhere in a note is refused, or changes a signature that nobody trusts', () => {
  const note = Buffer.from(signNote(text, [alice]))
  for (let bit = 0; bit < note.length * 8; bit++) {
    const outcome = outcomeOf(() => verifyNote(flipBit(note, bit), [alice.vkey]))
    assert.ok('code' in outcome, `bit ${bit} was not noticed`)
  }
})

test('VN2 whatever bytes come, a note parses to what writes the same bytes or is refused with a typed error', () => {
  const note = signNote(text, [alice, bob])
  const pieces = fc.constantFrom(
    '\n',
    '\n\n',
    '— ',
    '—',
    ' ',
    '+',
    '=',
    'alice.example/log',
    alice.sign(text),
    '\ufeff',
    '\u2028',
  )
  const mutated = fc
    .tuple(fc.nat(note.length), fc.nat(12), fc.oneof(pieces, fc.string({ unit: 'binary', maxLength: 12 })))
    .map(([at, removed, added]) => note.slice(0, at) + added + note.slice(at + removed))
  const check = (bytes: string | Uint8Array) => {
    const outcome = outcomeOf(() => parseNote(bytes))
    if ('code' in outcome) return assert.equal(outcome.code, 'vault.invalid-note')
    const { text: parsed, signatures } = outcome.value
    const again = `${parsed}\n${signatures.map(line => `${formatSignature(line)}\n`).join('')}`
    assert.deepEqual(Buffer.from(again), Buffer.from(bytes as string))
    const verified = outcomeOf(() => verifyNote(bytes, [alice.vkey]))
    if ('value' in verified) assert.equal(parsed, text)
  }
  fc.assert(fc.property(mutated, check), { numRuns: 2000 })
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), check), { numRuns: 500 })
})
