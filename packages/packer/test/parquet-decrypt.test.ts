/** PP10: of an encrypted file comes the plain one, and of a file that was changed comes nothing that is kept. */
import assert from 'node:assert/strict'
import { createSecretKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { ParquetCodec } from '../src/parquet/contract.ts'
import { decryptParquet } from '../src/parquet/index.ts'
import { decrypt, encryptionOf, sourceOf } from './parquet-decrypt-support.ts'
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

test('pieces come while the file is read, and none of it is read twice over', () => {
  const encryption = encryptionOf()
  const file = writeFile(columnsOf(20_000, 'NONE'), { ...settings, pageBytes: 8192, rowGroupRows: 2000, encryption })
  const { read, size } = sourceOf(file)
  let bytesRead = 0
  const counting = (at: number, length: number) => {
    bytesRead += length
    return read(at, length)
  }
  const pieces = decryptParquet({ size, read: counting }, { keyOf: () => encryption.key })
  const first = pieces.next().value!
  assert.ok(size > 2_000_000 && bytesRead < size / 2, `${bytesRead} of ${size} bytes for the first piece`)
  assert.equal(Buffer.from(first).toString('latin1', 0, 4), 'PAR1')
  for (const piece of pieces) assert.ok(piece.length <= 256 * 1024)
  assert.ok(bytesRead < size * 2, `${bytesRead} of ${size} bytes in all`)
})

test('PP10: what a released version encrypted opens, to the golden file without encryption', () => {
  const golden = (name: string) => readFileSync(join(import.meta.dirname, 'golden', `parquet-v1-${name}.parquet`))
  const opened = decrypt(golden('encrypted'), createSecretKey(Buffer.alloc(32, 7)))
  assert.ok(opened.equals(golden('plain')))
})

test('files without rows, and with chunks of nothing but nulls, open', () => {
  const encryption = encryptionOf()
  for (const rows of [0, 1, 700, 701]) {
    const columns = columnsOf(rows, 'SNAPPY')
    const opened = decrypt(writeFile(columns, { ...settings, encryption: encryptionOf() }), encryption.key)
    assert.ok(opened.equals(writeFile(columns, settings)), `${rows} rows`)
  }
})
