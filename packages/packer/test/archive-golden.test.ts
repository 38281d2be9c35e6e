/** Manifests and ids of a released version are read for ever, and what is the same is written the same. */
import assert from 'node:assert/strict'
import { createSecretKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { ArchivedFile } from '../src/archive/contract.ts'
import { IdSet } from '../src/archive/id-set.ts'
import { readIdSet } from '../src/archive/id-set-reader.ts'
import { decodeManifest, encodeManifest, type Manifest } from '../src/archive/manifest-file.ts'

const golden = (name: string): Buffer => readFileSync(join(import.meta.dirname, 'golden', name))

const keyId = '0f8fad5b-d9cb-469f-a165-70867728950e'
const key = { id: keyId, epoch: 0, secret: createSecretKey(Buffer.alloc(32, 7)) }

function file(more: Partial<ArchivedFile>, isSealed: boolean): ArchivedFile {
  return {
    path: 'parquet/2026/11/21/events_20261121_093000.parquet',
    kind: 'parquet',
    rows: 2,
    bytes: 4096,
    firstTimestampNs: '1795253400000000001',
    lastTimestampNs: '1795253400999999999',
    checksum: 'ab'.repeat(32),
    algorithm: 'blake3',
    ...(isSealed && { keyId }),
    source: { id: 'ring/5ad8a3c0-0000-4000-8000-000000000001', from: 0, to: 1_048_576 },
    createdAt: '2026-11-21T10:00:00.000Z',
    ...more,
  }
}

/** A file of each kind. */
function manifest(isSealed: boolean): Manifest {
  const heif = { path: 'heif/2026/11/21/frame_20261121_093000_000000.heif', kind: 'heif', rows: undefined } as const
  const quarantine = {
    path: 'quarantine/2026/11/21/refused_20261121_100000.jsonl',
    kind: 'quarantine',
    rows: 1,
  } as const
  return {
    generation: 7,
    sources: { 'ring/5ad8a3c0-0000-4000-8000-000000000001': 1_048_576 },
    ids: { '2026-11-21': 'metadata/ids/2026-11-21.7.ids' },
    files: [
      file({}, isSealed),
      file({ ...heif, pixels: { width: 1920, height: 1080 } }, isSealed),
      file({ ...quarantine, algorithm: 'sha256' }, isSealed),
    ],
  }
}

/** As it is read: what is undefined is not written. */
const asRead = (given: Manifest): Manifest => JSON.parse(JSON.stringify(given))

for (const [name, isSealed] of [
  ['manifest-v1-keys.json', true],
  ['manifest-v1-plain.json', false],
] as const) {
  test(`PA7: ${name} is written as it was, and read`, async () => {
    const encoded = encodeManifest(manifest(isSealed), isSealed ? key : undefined)
    assert.equal(encoded.toString(), golden(name).toString())
    const keyOf = isSealed ? async (id: string) => ({ ...key, id }) : undefined
    assert.deepEqual(await decodeManifest(golden(name), name, keyOf), asRead(manifest(isSealed)))
    const lines = golden(name).toString().split('\n')
    assert.equal(lines.length, manifest(isSealed).files.length + 3, 'one line for each file, and one before and behind')
    assert.equal(JSON.parse(lines[1]!.slice(0, -1)).path, manifest(isSealed).files[0]!.path)
  })
}

const sipKey = Uint8Array.from({ length: 16 }, (_, at) => at)
const ids = ['event-1', 'event-2', 'ä', ''].map(id => Buffer.from(id))
const headerBytes = 24
const tableHeaderBytes = 8
const slots = 16_384

function idSet(): IdSet {
  const set = new IdSet(sipKey)
  for (const id of ids) assert.ok(set.add(id, 0, id.length))
  return set
}

/** The golden file has the header and the used slots of its one table, each behind its number: the others are zeros. */
function withoutZeros(encoded: Buffer): string {
  const begin = headerBytes + tableHeaderBytes
  const lines = [encoded.subarray(0, headerBytes), encoded.subarray(headerBytes, begin)].map(part =>
    part.toString('hex'),
  )
  for (let slot = 0; slot < slots; slot++) {
    const value = encoded.readBigUInt64BE(begin + slot * 8)
    if (value !== 0n) lines.push(`${slot} ${value.toString(16).padStart(16, '0')}`)
  }
  return `${lines.join('\n')}\n`
}

function withZeros(text: string): Buffer {
  const [header, tableHeader, ...used] = text.trim().split('\n')
  const begin = headerBytes + tableHeaderBytes
  const encoded = Buffer.alloc(begin + slots * 8)
  encoded.write(header! + tableHeader!, 'hex')
  for (const line of used) {
    const [slot, value] = line.split(' ') as [string, string]
    encoded.write(value, begin + Number(slot) * 8, 'hex')
  }
  return encoded
}

test('PA5: ids-v1.txt is written as it was, and its ids are known', () => {
  const encoded = Buffer.concat([...idSet().pieces()])
  assert.equal(encoded.length, headerBytes + tableHeaderBytes + slots * 8)
  assert.equal(encoded.toString('latin1', 0, 4), 'CHI1')
  assert.equal(withoutZeros(encoded), golden('ids-v1.txt').toString())
  const read = readIdSet([withZeros(golden('ids-v1.txt').toString())])
  for (const id of ids) assert.equal(read.has(id, 0, id.length), true)
  assert.equal(read.has(Buffer.from('event-3'), 0, 7), false)
  assert.deepEqual(Buffer.concat([...read.pieces()]), encoded)
})
