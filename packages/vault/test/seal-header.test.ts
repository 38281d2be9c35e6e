import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crc32c, systemRandom } from '@chronicle/base'
import fc from 'fast-check'
import { Opener, parseSealedHeader, type SealedKind, seal, sealedHeaderBytesMax, sealedKinds } from '../src/index.ts'
import { encodeSealedHeader } from '../src/seal/header.ts'
import { key, place } from './seal-support.ts'

const header = encodeSealedHeader(key, place)
const kind = fc.constantFrom(...(Object.keys(sealedKinds) as SealedKind[]))
const wellFormed = fc.string({ unit: 'grapheme', maxLength: 300 }).filter(text => Buffer.byteLength(text) <= 1000)

/** The header with one change and a checksum that fits it. */
function withFitting(change: (bytes: Buffer) => void): Buffer {
  const bytes = Buffer.from(header)
  change(bytes)
  bytes.writeUInt32BE(crc32c(bytes.subarray(0, -4)), bytes.length - 4)
  return bytes
}

test('a header reads back as it was written', () => {
  const property = fc.property(kind, wellFormed, fc.uuid(), fc.nat(0xffffffff), (kind, place, id, epoch) => {
    const bytes = encodeSealedHeader({ ...key, id, epoch }, { kind, place })
    assert.ok(bytes.length <= sealedHeaderBytesMax)
    assert.deepEqual(parseSealedHeader(bytes), { kind, place, keyId: id, epoch, headerBytes: bytes.length })
  })
  fc.assert(property)
})

test('places are up to 1,000 bytes of well-formed text, also with a byte order mark', () => {
  for (const text of ['', '\ufeffx', 'ä'.repeat(500), 'a'.repeat(1000)]) {
    assert.equal(parseSealedHeader(encodeSealedHeader(key, { kind: 'file', place: text })).place, text)
  }
  assert.equal(encodeSealedHeader(key, { kind: 'file', place: 'a'.repeat(1000) }).length, sealedHeaderBytesMax)
  for (const text of ['a'.repeat(1001), 'ä'.repeat(501), 'half \ud800 a pair']) {
    assert.throws(() => seal(Buffer.of(1), key, { kind: 'file', place: text }, systemRandom), {
      code: 'vault.invalid-argument',
    })
  }
})

test('a key without a proper name or epoch, and an unknown kind, are refused', () => {
  const refused = { code: 'vault.invalid-argument' }
  for (const id of ['', 'key', key.id.toUpperCase(), `${key.id}0`, key.id.replaceAll('-', '')]) {
    assert.throws(() => encodeSealedHeader({ ...key, id }, place), refused)
  }
  for (const epoch of [-1, 0.5, 2 ** 32, Number.NaN])
    assert.throws(() => encodeSealedHeader({ ...key, epoch }, place), refused)
  assert.throws(() => encodeSealedHeader(key, { kind: 'toString' as SealedKind, place: '' }), refused)
})

test('what Chronicle did not seal is told from what is damaged, and from what a newer version sealed', () => {
  const cases: [string, Uint8Array][] = [
    ['vault.not-sealed', Buffer.from('PK\u0003\u0004 something else that is long enough')],
    ['vault.not-sealed', Buffer.from('x')],
    ['vault.truncated', Buffer.alloc(0)],
    ['vault.truncated', header.subarray(0, 3)],
    ['vault.truncated', header.subarray(0, 29)],
    ['vault.truncated', header.subarray(0, -1)],
    ['vault.newer-version', withFitting(bytes => bytes.writeUInt16BE(2, 4))],
    ['vault.tampered', withFitting(bytes => bytes.writeUInt16BE(0, 4))],
    ['vault.newer-version', withFitting(bytes => bytes.writeUInt8(200, 6))],
    ['vault.newer-version', withFitting(bytes => bytes.writeUInt8(2, 7))],
    ['vault.tampered', withFitting(bytes => bytes.writeUInt16BE(1001, 28))],
    ['vault.tampered', withFitting(bytes => bytes.writeUInt8(0xff, 30))],
    ['vault.tampered', Buffer.from(header).fill(0, 10, 11)],
  ]
  for (const [code, bytes] of cases)
    assert.throws(() => parseSealedHeader(bytes), { code }, Buffer.from(bytes).toString('hex'))
})

test('any damaged byte of a header is noticed without a key', () => {
  for (let at = 0; at < header.length; at++) {
    const damaged = Buffer.from(header)
    damaged[at]! ^= 0x40
    assert.throws(() => parseSealedHeader(damaged), `byte ${at}`)
  }
})

test('hostile bytes never do more than be refused', () => {
  const property = fc.property(fc.uint8Array({ maxLength: 1200 }), fc.boolean(), (bytes, begun) => {
    const hostile = begun ? Buffer.concat([header.subarray(0, 28), bytes]) : bytes
    assert.throws(() => parseSealedHeader(hostile), { name: 'ChronicleError' })
    assert.throws(
      () => {
        const opener = new Opener(key)
        opener.push(hostile)
        opener.end()
      },
      { name: 'ChronicleError' },
    )
  })
  fc.assert(property, { numRuns: 300 })
})

test('bytes that cannot become a header are refused with the first of them', () => {
  assert.throws(() => new Opener(key).push(Buffer.from('P')), { code: 'vault.not-sealed' })
})
