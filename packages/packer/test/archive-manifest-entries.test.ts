import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ArchivedFile } from '../src/archive/contract.ts'
import { decodeManifest, emptyManifest, encodeManifest } from '../src/archive/manifest-file.ts'
import { packerErrors } from '../src/errors.ts'

const file: ArchivedFile = {
  path: 'parquet/2026/11/21/events_20261121_000000.parquet',
  kind: 'parquet',
  rows: 1,
  bytes: 100,
  firstTimestampNs: '1',
  lastTimestampNs: '2',
  checksum: '00'.repeat(32),
  algorithm: 'blake3',
  source: { id: 'ring', from: 0, to: 8 },
  createdAt: '2026-11-21T00:00:00.000Z',
}

function read(manifest: object) {
  return decodeManifest(encodeManifest({ ...emptyManifest, ...manifest }, undefined), 'files.json', undefined)
}

const refused = (error: unknown) => packerErrors.is(error) && error.code === 'packer.manifest-damaged'

test('PA8: a path that leaves the directory of its kind is refused, whoever has authenticated the manifest', async () => {
  assert.deepEqual((await read({ files: [file], ids: { '2026-11-21': 'metadata/ids/x.ids' } })).files, [file])
  const paths = [
    'parquet/../../.bashrc',
    '/etc/passwd',
    'parquet//x',
    'parquet/./x',
    'parquet/',
    'parquet',
    'parquet/a\\..\\b',
    'parquet/a\0b',
    'parquet/\u001b[2J',
    'heif/x.heif',
    'metadata/files.json',
    'parquetry/x',
    7,
    undefined,
  ]
  for (const path of paths) await assert.rejects(read({ files: [{ ...file, path }] }), refused, `${path}`)
  for (const path of ['metadata/ids/../files.json', 'metadata/keys', 7]) {
    await assert.rejects(read({ ids: { '2026-11-21': path } }), refused, `${path}`)
  }
})

test('any number of files comes back, in order', async () => {
  for (const count of [0, 1, 999, 1000, 1001, 2500]) {
    const files = Array.from({ length: count }, (_, at) => ({ ...file, bytes: at }))
    const bytes = encodeManifest({ ...emptyManifest, files }, undefined)
    assert.deepEqual((await decodeManifest(bytes, 'files.json', undefined)).files, files)
    assert.deepEqual(JSON.parse(bytes.toString()).files, files)
  }
})

test('a manifest of other shapes is refused and never crashes', async () => {
  const entries = [
    { kind: 'toString' },
    { kind: 'ids' },
    { bytes: -1 },
    { bytes: 1.5 },
    { bytes: '100' },
    { rows: null },
    { firstTimestampNs: 'x' },
    { lastTimestampNs: 2 },
    { algorithm: 'md5' },
    { checksum: 'zz' },
    { keyId: 7 },
    { pixels: null },
    { pixels: { width: 1 } },
  ]
  for (const entry of entries) {
    await assert.rejects(read({ files: [{ ...file, ...entry }] }), refused, JSON.stringify(entry))
  }
  for (const ids of [null, 7]) await assert.rejects(read({ ids }), refused, `${ids}`)
  await assert.rejects(read({ files: [null] }), refused)
  for (const text of ['null', '7', '"x"', '[]', '{}', '{"authentication":7}', '{"authentication":null}']) {
    await assert.rejects(decodeManifest(Buffer.from(text), 'files.json', undefined), refused, text)
  }
})
