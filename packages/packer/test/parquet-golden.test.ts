/** Fixed rows give fixed bytes: what a released version wrote, readers hold for ever. */
import assert from 'node:assert/strict'
import { createSecretKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { seededRandom } from '@chronicle/base'
import { type Column, type Settings, spec, writeFile } from './parquet-support.ts'

const rows = Array.from({ length: 100 }, (_, n) => n)
const columns: Column[] = [
  {
    spec: spec('timestamp_ns', 'int64', { meaning: 'timestamp_ns' }),
    values: rows.map(n => 1_700_000_000_000_000_000n + BigInt(n)),
  },
  {
    spec: spec('app', 'string', { nullable: true, bloomFpp: 0.1, codec: 'SNAPPY' }),
    values: rows.map(n => (n % 4 ? `app ${n % 3}` : null)),
  },
  { spec: spec('data', 'string', { meaning: 'json', codec: 'SNAPPY' }), values: rows.map(n => `{"n":${n}}`) },
  { spec: spec('flag', 'boolean', { nullable: true }), values: rows.map(n => (n % 5 ? n % 2 === 0 : null)) },
  { spec: spec('count', 'int32', { codec: 'LZ4' }), values: rows.map(n => n % 7) },
  { spec: spec('share', 'double'), values: rows.map(n => n / 8) },
  { spec: spec('bytes', 'binary', { dictionary: false }), values: rows.map(n => Uint8Array.of(n, 255 - n)) },
]
const settings: Settings = {
  rowGroupRows: 60,
  pageBytes: 256,
  keyValues: { source: 'ring' },
  sortedBy: ['timestamp_ns'],
}
const encryption = {
  key: createSecretKey(Buffer.alloc(32, 7)),
  keyMetadata: Buffer.from('key 7'),
  aadFileUnique: Buffer.from('chronicl'),
  random: seededRandom(1),
}

for (const [name, options] of [
  ['parquet-v1-plain.parquet', settings],
  ['parquet-v1-encrypted.parquet', { ...settings, encryption }],
] as const) {
  test(`${name} is written as it was`, () => {
    const path = join(import.meta.dirname, 'golden', name)
    const file = writeFile(columns, options)
    assert.ok(file.equals(readFileSync(path)))
  })
}
