import assert from 'node:assert/strict'
import { createSecretKey } from 'node:crypto'
import { test } from 'node:test'
import { ChronicleError, seededRandom } from '@chronicle/base'
import type { ColumnValues, ParquetOptions } from '../src/parquet/contract.ts'
import { createParquetWriter } from '../src/parquet/index.ts'
import { rowGroupBytesMax } from '../src/parquet/writer.ts'
import { arrowOf, metadataOf, spec } from './parquet-support.ts'

const columns = [spec('a', 'int64'), spec('b', 'string', { nullable: true })]
const options: ParquetOptions = { columns, rowGroupRows: 10, pageBytes: 1024, keyValues: {} }
const encryption = {
  key: createSecretKey(Buffer.alloc(32)),
  keyMetadata: Buffer.alloc(1),
  aadFileUnique: Buffer.alloc(8),
  random: seededRandom(1),
}

function codeOf(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    assert.ok(error instanceof ChronicleError, String(error))
    return error.code
  }
  return 'nothing'
}

test('PP9: options that cannot be are refused before a byte is written', () => {
  const wrong: Partial<ParquetOptions>[] = [
    { columns: [] },
    { columns: [spec('a', 'int64'), spec('a', 'int32')] },
    { rowGroupRows: 0 },
    { rowGroupRows: 1.5 },
    { pageBytes: 10 },
    { sortedBy: ['nowhere'] },
    { sortedBy: ['b'] },
    { columns: [spec('a', 'int64', { codec: 'GZIP', codecLevel: 10 })] },
    { columns: [spec('a', 'int64', { codec: 'ZSTD', codecLevel: 0 })] },
    { columns: [spec('a', 'int64', { bloomFpp: 0 })] },
    { columns: [spec('a', 'int64', { bloomFpp: 1 })] },
    { columns: [spec('a', 'int64', { meaning: 'json' })] },
    { columns: [spec('a', 'string', { meaning: 'timestamp_ns' })] },
    { encryption: { ...encryption, key: createSecretKey(Buffer.alloc(20)) } },
    { encryption: { ...encryption, aadFileUnique: Buffer.alloc(7) } },
  ]
  for (const change of wrong) {
    const pieces: Uint8Array[] = []
    const code = codeOf(() => createParquetWriter({ ...options, ...change }, piece => pieces.push(piece)))
    assert.equal(code, 'packer.parquet-option', JSON.stringify(change))
    assert.equal(pieces.length, 0)
  }
})

test('PP9: columns that are not those of the schema are refused, and nothing of them is taken', () => {
  const good = [arrowOf('int64', [1n, 2n]), arrowOf('string', ['x', null])]
  const text = (offsets: number[], bytes = 2): ColumnValues => ({
    values: { offsets: Int32Array.from(offsets), bytes: Buffer.alloc(bytes) },
  })
  const wrong: (readonly ColumnValues[])[] = [
    [good[0]!],
    [good[1]!, good[0]!],
    [arrowOf('int64', [1n]), good[1]!],
    [arrowOf('int64', [1n, null]), good[1]!],
    [{ values: Int32Array.of(1, 2) }, good[1]!],
    [good[0]!, text([0, 1])],
    [good[0]!, text([0, 2, 1])],
    [good[0]!, text([-1, 1, 2])],
    [good[0]!, text([0, 1, 3])],
    [good[0]!, { ...good[1]!, validity: new Uint8Array(0) }],
  ]
  const writer = createParquetWriter(options, () => {})
  for (const [at, columns] of wrong.entries()) {
    assert.equal(
      codeOf(() => writer.write(columns, 2)),
      'packer.parquet-columns',
      `${at}`,
    )
  }
  assert.equal(
    codeOf(() => writer.write(good, -1)),
    'packer.parquet-columns',
  )
  assert.equal(
    codeOf(() => writer.write(good, 3)),
    'packer.parquet-columns',
  )
  assert.equal(writer.rows, 0)
  writer.write(good, 2)
  assert.equal(writer.finish().rows, 2)
})

test('PP9: a finished file takes nothing any more', () => {
  const writer = createParquetWriter(options, () => {})
  writer.finish()
  assert.equal(
    codeOf(() => writer.write([], 0)),
    'packer.parquet-finished',
  )
  assert.equal(
    codeOf(() => writer.finish()),
    'packer.parquet-finished',
  )
})

test('PP9: a row group that would outgrow memory ends early, a row that would is refused', () => {
  const bytes = Buffer.alloc(rowGroupBytesMax, 'x')
  const specs = [spec('a', 'binary', { dictionary: false, statistics: false, codec: 'SNAPPY' })]
  const pieces: Uint8Array[] = []
  const writer = createParquetWriter({ ...options, columns: specs, pageBytes: 1 << 20 }, piece => pieces.push(piece))
  const third = bytes.length / 4
  const offsets = Int32Array.of(0, third, third * 2, third * 3, third * 4)
  writer.write([{ values: { offsets, bytes } }], 4)
  assert.equal(
    codeOf(() => writer.write([{ values: { offsets: Int32Array.of(0, bytes.length), bytes } }], 1)),
    'packer.parquet-value-too-large',
  )
  assert.equal(writer.finish().rows, 4)
  const rows = metadataOf(Buffer.concat(pieces)).row_groups.map(group => Number(group.num_rows))
  assert.ok(rows.length > 1)
  assert.equal(
    rows.reduce((sum, count) => sum + count, 0),
    4,
  )
})
