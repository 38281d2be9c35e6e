import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crc32c } from '@chronicle/base'
import fc from 'fast-check'
import {
  entryBytes,
  entryFormatVersion,
  entryHeaderBytes,
  entryKind,
  entryLsn,
  entryNext,
  entryPayloadCrc,
  entryPayloadLength,
  entryPayloadStart,
  entryStream,
  entryUnsynced,
  isEntryHeader,
  putEntryHeader,
} from '../src/entry.ts'

const uint32 = fc.integer({ min: 0, max: 0xffffffff })
const lsns = fc.integer({ min: 0, max: 2 ** 50 }).map(n => n * 8)
const headers = fc.record({
  salt: uint32,
  lsn: lsns,
  unsynced: uint32,
  stream: uint32,
  kind: fc.integer({ min: 0, max: 255 }),
  length: fc.integer({ min: 0, max: 2 ** 30 }),
  crc: uint32,
  at: fc.nat(5).map(n => n * 8),
})

function encode({
  salt,
  lsn,
  unsynced,
  stream,
  kind,
  length,
  crc,
  at,
}: typeof headers extends fc.Arbitrary<infer H> ? H : never) {
  const bytes = Buffer.alloc(at + entryHeaderBytes)
  putEntryHeader(bytes, at, salt, lsn, unsynced, stream, kind, length, crc)
  return bytes
}

test('what is put into an entry header is read back from it', () => {
  fc.assert(
    fc.property(headers, header => {
      const bytes = encode(header)
      const { at } = header
      assert.equal(entryLsn(bytes, at), header.lsn)
      assert.equal(entryUnsynced(bytes, at), header.unsynced)
      assert.equal(entryStream(bytes, at), header.stream)
      assert.equal(entryKind(bytes, at), header.kind)
      assert.equal(entryPayloadLength(bytes, at), header.length)
      assert.equal(entryPayloadCrc(bytes, at), header.crc)
      assert.equal(entryFormatVersion(bytes, at), 1)
      assert.equal(entryPayloadStart(at), at + 32)
      assert.equal(entryNext(bytes, at), at + entryBytes(header.length))
      assert.ok(isEntryHeader(bytes, at, header.salt, header.lsn))
    }),
  )
})

test('W6: a header counts only in its own place, in its own log, unchanged', () => {
  fc.assert(
    fc.property(headers, lsns, uint32, fc.nat(entryHeaderBytes * 8 - 1), (header, lsn, salt, bit) => {
      const bytes = encode(header)
      const { at } = header
      if (lsn !== header.lsn) assert.ok(!isEntryHeader(bytes, at, header.salt, lsn))
      if (salt !== header.salt) assert.ok(!isEntryHeader(bytes, at, salt, header.lsn))
      bytes[at + (bit >> 3)]! ^= 1 << (bit & 7)
      assert.ok(!isEntryHeader(bytes, at, header.salt, header.lsn))
    }),
  )
})

test('W6: zeros are no entry', () => {
  assert.ok(!isEntryHeader(Buffer.alloc(32), 0, crc32c(Buffer.from('salt')), 0))
})

test('an entry takes its header, its payload and up to seven zeros', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 30 }), length => {
      assert.equal(entryBytes(length) % 8, 0)
      assert.ok(entryBytes(length) - length - 32 < 8 && entryBytes(length) >= length + 32)
    }),
  )
})
