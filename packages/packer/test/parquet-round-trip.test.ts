/** PP1: what was written is what another implementation reads. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { ColumnSpec, ParquetCodec, ParquetType } from '../src/parquet/contract.ts'
import { type Column, metadataOf, readRows, spec, type Value, writeFile } from './parquet-support.ts'

const codecs: ParquetCodec[] = ['NONE', 'SNAPPY', 'GZIP', 'LZ4', 'ZSTD']

const valuesOf: Record<ParquetType, fc.Arbitrary<Exclude<Value, null>>> = {
  int64: fc.oneof(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.bigInt({ min: -3n, max: 3n })),
  int32: fc.oneof(fc.integer(), fc.integer({ min: -3, max: 3 })),
  double: fc.oneof(fc.double(), fc.constantFrom(0, -0, Number.NaN, 1, Number.POSITIVE_INFINITY)),
  boolean: fc.boolean(),
  string: fc.oneof(fc.string({ unit: 'grapheme', maxLength: 120 }), fc.constantFrom('', 'a', 'window')),
  binary: fc.uint8Array({ maxLength: 120 }),
}

function specOf(type: ParquetType): fc.Arbitrary<ColumnSpec> {
  return fc.record({
    name: fc.constant(''),
    type: fc.constant(type),
    nullable: fc.boolean(),
    codec: fc.constantFrom(...codecs),
    dictionary: fc.boolean(),
    statistics: fc.boolean(),
    bloomFpp: fc.option(fc.constantFrom(0.1, 0.01), { nil: undefined }),
  })
}

const columnOf = (rows: number) => (type: ParquetType) =>
  specOf(type).chain(spec => {
    const value = spec.nullable ? fc.option(valuesOf[type], { freq: 3 }) : valuesOf[type]
    return fc.array(value, { minLength: rows, maxLength: rows }).map((values): Column => ({ spec, values }))
  })

const tables = fc.nat(150).chain(rows => {
  const types = Object.keys(valuesOf) as ParquetType[]
  return fc
    .array(fc.constantFrom(...types).chain(columnOf(rows)), { minLength: 1, maxLength: 4 })
    .map(columns => columns.map((column, at) => ({ ...column, spec: { ...column.spec, name: `c${at}` } })))
})

function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  return value === undefined ? null : value
}

async function assertReadsBack(columns: readonly Column[], file: Buffer): Promise<void> {
  const rows = await readRows(file, { utf8: false })
  const read = columns.map(({ spec }) => rows.map(row => plain(row[spec.name])))
  const written = columns.map(({ values }) => values.map(plain))
  assert.deepEqual(read, written)
}

test('PP1: random columns of all types, codecs and options come back', async () => {
  const settings = fc.record({
    rowGroupRows: fc.integer({ min: 1, max: 200 }),
    pageBytes: fc.integer({ min: 64, max: 2000 }),
    batchRows: fc.integer({ min: 1, max: 200 }),
  })
  await fc.assert(
    fc.asyncProperty(tables, settings, async (columns, options) => {
      await assertReadsBack(columns, writeFile(columns, options))
    }),
    { numRuns: 250 },
  )
})

for (const codec of codecs) {
  test(`PP1: ${codec} over many pages and row groups, with and without a dictionary`, async () => {
    const ids = Array.from({ length: 5000 }, (_, n) => n)
    const columns: Column[] = [
      { spec: spec('time', 'int64', { codec, meaning: 'timestamp_ns' }), values: ids.map(n => BigInt(n) * 10n ** 15n) },
      {
        spec: spec('kind', 'string', { codec, nullable: true }),
        values: ids.map(n => (n % 7 ? `kind ${n % 5}` : null)),
      },
      { spec: spec('data', 'string', { codec, meaning: 'json' }), values: ids.map(n => JSON.stringify({ n })) },
      { spec: spec('flag', 'boolean', { codec, nullable: true }), values: ids.map(n => (n % 11 ? n % 3 === 0 : null)) },
      { spec: spec('share', 'double', { codec, codecLevel: codec === 'GZIP' ? 9 : 1 }), values: ids.map(n => n / 7) },
      { spec: spec('count', 'int32', { codec, dictionary: false }), values: ids.map(n => n - 2500) },
    ]
    const file = writeFile(columns, { rowGroupRows: 1500, pageBytes: 1024, batchRows: 700 })
    await assertReadsBack(columns, file)
    const names = { NONE: 'UNCOMPRESSED', SNAPPY: 'SNAPPY', GZIP: 'GZIP', LZ4: 'LZ4_RAW', ZSTD: 'ZSTD' }
    const used = metadataOf(file).row_groups.flatMap(group => group.columns.map(column => column.meta_data!.codec))
    assert.deepEqual(new Set(used), new Set([names[codec]]))
  })
}

test('PP1: nothing but nulls, no rows, one row, and row groups that end exactly', async () => {
  const nulls: Column = { spec: spec('a', 'string', { nullable: true, bloomFpp: 0.1 }), values: Array(20).fill(null) }
  const numbers: Column = { spec: spec('b', 'int64'), values: Array.from({ length: 20 }, (_, n) => BigInt(n)) }
  for (const rows of [0, 1, 9, 10, 11, 20]) {
    const columns = [nulls, numbers].map(({ spec, values }) => ({ spec, values: values.slice(0, rows) }))
    for (const batchRows of [1, 10, 20]) {
      const file = writeFile(columns, { rowGroupRows: 10, batchRows })
      await assertReadsBack(columns, file)
      const expected = rows === 0 ? [] : rows <= 10 ? [rows] : [10, rows - 10]
      assert.deepEqual(
        metadataOf(file).row_groups.map(group => Number(group.num_rows)),
        expected,
      )
    }
  }
})

test('PP1: arrays that are slices of larger ones, and bitmaps that begin anywhere', async () => {
  const values = Array.from({ length: 50 }, (_, n) => (n % 3 ? `text ${n}` : null))
  const columns = [{ spec: spec('a', 'string', { nullable: true, dictionary: false }), values }]
  for (const batchRows of [3, 7, 13]) {
    await assertReadsBack(columns, writeFile(columns, { rowGroupRows: 17, batchRows }))
  }
})
