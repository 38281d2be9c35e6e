import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { crc32c } from '@chronicle/base'
import { entryBytes, entryHeaderBytes, ownKinds, putEntryHeader } from '../src/entry.ts'
import { decodeFileHeader, decodeHeaderCopy, encodeFileHeader, fileHeaderBytes, saltOf } from '../src/file-header.ts'
import { directory, simMachine } from './support.ts'

const golden = readFileSync(new URL('./golden/0000000000001024.v1.wal', import.meta.url))
const header = {
  uuid: Buffer.from('00112233445566778899aabbccddeeff', 'hex'),
  firstLsn: 1024,
  previousLsn: 512,
  createdAt: 1_790_000_000_000,
}
const entries = [
  { stream: 1, kind: 16, payload: Buffer.from('a record') },
  { stream: 0xffffffff, kind: 255, payload: Buffer.from('not a multiple of eight') },
  { stream: 0, kind: ownKinds.mark, payload: Buffer.alloc(0) },
  { stream: 2, kind: 17, payload: Buffer.alloc(0) },
  { stream: 0, kind: ownKinds.close, payload: Buffer.alloc(0) },
]

function encodeFile(): Buffer {
  const pieces = [encodeFileHeader(header)]
  let lsn = header.firstLsn
  for (const { stream, kind, payload } of entries) {
    const bytes = Buffer.alloc(entryBytes(payload.length))
    const unsynced = lsn - header.firstLsn
    putEntryHeader(bytes, 0, saltOf(header.uuid), lsn, unsynced, stream, kind, payload.length, crc32c(payload))
    payload.copy(bytes, entryHeaderBytes)
    pieces.push(bytes)
    lsn += bytes.length
  }
  return Buffer.concat(pieces)
}

test('version 1 is written as it always was', () => {
  assert.ok(encodeFile().equals(golden))
})

test('version 1 is read', async () => {
  const { disk, open } = simMachine()
  disk.plant(`${directory}/0000000000001024.wal`, golden)
  const seen: unknown[] = []
  const wal = await open({
    onReplay: (_lsn, stream, kind, payload) => seen.push({ stream, kind, payload: Buffer.from(payload) }),
  })
  assert.equal(wal.startLsn, 1024)
  assert.equal(wal.endLsn, 1024 + golden.length - fileHeaderBytes)
  assert.deepEqual(
    seen,
    entries.filter(entry => entry.kind >= 16),
  )
})

test('W4: no changed bit in a file header passes; its copy serves instead', () => {
  const bytes = encodeFileHeader(header)
  assert.deepEqual(decodeFileHeader(bytes), { state: 'whole', header })
  for (let bit = 0; bit < 64 * 8; bit++) {
    const changed = Buffer.from(bytes)
    changed[bit >> 3]! ^= 1 << (bit & 7)
    assert.deepEqual(decodeFileHeader(changed), { state: 'damaged' })
    assert.deepEqual(decodeHeaderCopy(changed), { state: 'whole', header })
  }
})

test('W4: a header cut short is damaged', () => {
  for (const length of [0, 3, 63, 100, 2100, 4095]) {
    assert.deepEqual(decodeFileHeader(golden.subarray(0, length)), { state: 'damaged' })
  }
})
