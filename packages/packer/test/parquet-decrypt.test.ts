/** PP10: of an encrypted file comes the plain one, and of a file that was changed comes nothing that is kept. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ParquetCodec } from '../src/parquet/contract.ts'
import { decrypt, encryptionOf } from './parquet-decrypt-support.ts'
import { type Column, readRows, type Settings, spec, writeFile } from './parquet-support.ts'

function columnsOf(rows: number, codec: ParquetCodec): Column[] {
  const ids = Array.from({ length: rows }, (_, n) => n)
  return [
    { spec: spec('time', 'int64', { codec, meaning: 'timestamp_ns' }), values: ids.map(n => BigInt(n) * 10n ** 15n) },
    {
      spec: spec('app', 'string', { codec, nullable: true, bloomFpp: 0.1 }),
      values: ids.map(n => (n % 4 ? `app ${n % 9}` : null)),
    },
    {
      spec: spec('data', 'string', { codec, meaning: 'json', bloomFpp: 0.01, dictionary: false }),
      values: ids.map(n => JSON.stringify({ n, text: 'x'.repeat(n % 200) })),
    },
    { spec: spec('none', 'string', { codec, nullable: true, bloomFpp: 0.1 }), values: ids.map(() => null) },
    { spec: spec('flag', 'boolean', { codec, nullable: true }), values: ids.map(n => (n % 5 ? n % 2 === 0 : null)) },
    { spec: spec('share', 'double', { codec }), values: ids.map(n => (n === 3 ? Number.NaN : n / 7)) },
    { spec: spec('raw', 'binary', { codec, statistics: false }), values: ids.map(n => Uint8Array.of(n, n >> 8)) },
  ]
}

const settings: Settings = {
  rowGroupRows: 700,
  pageBytes: 512,
  keyValues: { source: 'ring' },
  sortedBy: ['time'],
}

for (const codec of ['NONE', 'SNAPPY', 'GZIP', 'LZ4', 'ZSTD'] as const) {
  test(`PP10: ${codec}: the plain file is byte for byte the one that is written without encryption`, async () => {
    const columns = columnsOf(2000, codec)
    const plain = writeFile(columns, settings)
    for (const keyBytes of [16, 24, 32]) {
      const encryption = encryptionOf(keyBytes)
      const opened = decrypt(writeFile(columns, { ...settings, encryption }), encryption.key)
      assert.ok(opened.equals(plain))
      assert.deepEqual(await readRows(opened), await readRows(plain))
    }
  })
}
