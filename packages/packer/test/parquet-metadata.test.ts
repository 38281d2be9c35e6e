/** What the file says of itself, and whether it is so. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readColumnIndex, readOffsetIndex } from 'hyparquet'
import { pageRowsMax } from '../src/parquet/pages.ts'
import { mayContain } from './parquet-bloom-support.ts'
import {
  arrayBuffer,
  type Column,
  metadataOf,
  pagesOf,
  readPages,
  readRows,
  readStruct,
  spec,
  type Value,
  writeFile,
} from './parquet-support.ts'

const rows = 3000
const ids = Array.from({ length: rows }, (_, n) => n)
const scattered = (n: number, modulo: number) => (n * 7919) % modulo

const columns: Column[] = [
  {
    spec: spec('time', 'int64', { meaning: 'timestamp_ns' }),
    values: ids.map(n => 1_700_000_000_000_000_000n + BigInt(n)),
  },
  {
    spec: spec('app', 'string', { nullable: true, bloomFpp: 0.01, codec: 'SNAPPY' }),
    values: ids.map(n => (n % 9 ? `app ${scattered(n, 30)}` : null)),
  },
  {
    spec: spec('data', 'string', { meaning: 'json' }),
    values: ids.map(n => `{"n":${scattered(n, 100_000)},"text":"${'x'.repeat(n % 40)}"}`),
  },
  { spec: spec('share', 'double'), values: ids.map(n => (n % 10 ? Math.sin(n) : Number.NaN)) },
  {
    spec: spec('bare', 'string', { dictionary: false, statistics: false, nullable: true }),
    values: ids.map(n => `${n % 3}`),
  },
  { spec: spec('big', 'int64'), values: ids.map(n => BigInt(scattered(n, 4001) - 500) * 1_000_000n) },
]
const rowGroupRows = 1000
const pageBytes = 1024
const file = writeFile(columns, {
  rowGroupRows,
  pageBytes,
  keyValues: { source: 'ring', empty: '' },
  sortedBy: ['time'],
})
const metadata = metadataOf(file)

function chunk(rowGroup: number, column: number) {
  const { meta_data, ...rest } = metadata.row_groups[rowGroup]!.columns[column]!
  return { ...rest, ...meta_data! }
}

function indexes(rowGroup: number, column: number) {
  const { offset_index_offset, offset_index_length, column_index_offset, column_index_length } = chunk(rowGroup, column)
  const part = (offset: bigint, length: number) => {
    const view = new DataView(arrayBuffer(file.subarray(Number(offset), Number(offset) + length)))
    return { view, offset: 0 }
  }
  const parsers = {
    timestampFromNanoseconds: (nanos: bigint) => nanos,
    stringFromBytes: (b: Uint8Array) => Buffer.from(b).toString(),
  }
  return {
    offsets: readOffsetIndex(part(offset_index_offset!, offset_index_length!)).page_locations,
    bounds:
      column_index_offset === undefined
        ? undefined
        : readColumnIndex(
            part(column_index_offset, column_index_length!),
            metadata.schema[column + 1]!,
            parsers as never,
          ),
  }
}

test('schema, key values, writer and row groups are those of the options', () => {
  assert.equal(metadata.version, 1)
  assert.match(metadata.created_by!, /^chronicle version \d+\.\d+\.\d+$/)
  assert.deepEqual(metadata.key_value_metadata, [
    { key: 'source', value: 'ring' },
    { key: 'empty', value: '' },
  ])
  assert.deepEqual(
    metadata.schema
      .slice(1)
      .map(({ name, type, repetition_type, logical_type }) => [name, type, repetition_type, logical_type]),
    [
      ['time', 'INT64', 'REQUIRED', { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'NANOS' }],
      ['app', 'BYTE_ARRAY', 'OPTIONAL', { type: 'STRING' }],
      ['data', 'BYTE_ARRAY', 'REQUIRED', { type: 'JSON' }],
      ['share', 'DOUBLE', 'REQUIRED', undefined],
      ['bare', 'BYTE_ARRAY', 'OPTIONAL', { type: 'STRING' }],
      ['big', 'INT64', 'REQUIRED', undefined],
    ],
  )
  assert.deepEqual(
    metadata.row_groups.map(group => Number(group.num_rows)),
    [1000, 1000, 1000],
  )
})

test('PP2: pages are filled up to their size and not beyond, and their places and rows stand in the offset index', () => {
  for (const [group, { columns: chunks }] of metadata.row_groups.entries()) {
    for (const column of chunks.keys()) {
      const pages = pagesOf(file, group, column)
      const hasDictionary = chunk(group, column).dictionary_page_offset !== undefined
      const data = hasDictionary ? pages.slice(1) : pages
      assert.equal(pages[0]!.header[1], hasDictionary ? 2 : 0)
      const { offsets } = indexes(group, column)
      assert.deepEqual(
        offsets.map(page => [Number(page.offset), page.compressed_page_size]),
        data.map(page => [page.offset, page.length]),
      )
      let firstRow = 0
      for (const [at, { header }] of data.entries()) {
        assert.ok((header[2] as number) <= pageBytes, `${header[2]}`)
        assert.equal(Number(offsets[at]!.first_row_index), firstRow)
        firstRow += (header[5] as Record<number, number>)[1]!
      }
      assert.equal(firstRow, rowGroupRows)
      if (!hasDictionary) for (const page of data.slice(0, -1)) assert.ok((page.header[2] as number) > pageBytes * 0.8)
    }
  }
})

test('PP2: however nulls and runs are mixed, pages of several rows keep to their size', () => {
  const value = fc.oneof({ weight: 3, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: fc.nat(3) })
  const runs = fc.array(fc.tuple(value, fc.integer({ min: 1, max: 12 })), { minLength: 1, maxLength: 200 })
  fc.assert(
    fc.property(runs, fc.integer({ min: 64, max: 200 }), fc.boolean(), (pairs, bytes, dictionary) => {
      const some = pairs.flatMap(([value, count]) =>
        Array<string | null>(count).fill(value === null ? null : `${value}`),
      )
      const values = Array.from({ length: 5000 }, (_, n) => some[n % some.length] ?? null)
      const mixed = writeFile([{ spec: spec('a', 'string', { nullable: true, dictionary }), values }], {
        rowGroupRows: 5000,
        pageBytes: bytes,
      })
      for (const { header } of pagesOf(mixed, 0, 0)) {
        const rowsOfPage = (header[5] as Record<number, number> | undefined)?.[1] ?? 1
        assert.ok(rowsOfPage === 1 || (header[2] as number) <= bytes, `${header[2]} of ${bytes}`)
      }
    }),
  )
})

test('PP2: a value that is larger than a page has one of its own', () => {
  const values = ['a', 'b'.repeat(500), 'c', 'd'.repeat(500)]
  const big = writeFile([{ spec: spec('a', 'string', { dictionary: false }), values }], { pageBytes: 100 })
  const counts = pagesOf(big, 0, 0).map(page => (page.header[5] as Record<number, number>)[1])
  assert.deepEqual(counts, [1, 1, 1, 1])
})

test('PP2: a page has no more rows than its readers like, however small they are', () => {
  const values = Array(50_000).fill('same')
  const even = writeFile([{ spec: spec('a', 'string'), values }], { rowGroupRows: 50_000, pageBytes: 1 << 20 })
  const counts = pagesOf(even, 0, 0)
    .slice(1)
    .map(page => (page.header[5] as Record<number, number>)[1])
  assert.deepEqual(counts, [pageRowsMax, pageRowsMax, 10_000])
})

test('PP3: a dictionary where it saves something, PLAIN where not or where none is wanted', () => {
  for (const group of [0, 1, 2]) {
    assert.deepEqual(chunk(group, 1).encodings, ['PLAIN', 'RLE', 'RLE_DICTIONARY'])
    assert.deepEqual(chunk(group, 0).encodings, ['PLAIN', 'RLE'])
    assert.deepEqual(chunk(group, 4).encodings, ['PLAIN', 'RLE'])
    assert.equal(chunk(group, 4).dictionary_page_offset, undefined)
    const counted = chunk(group, 1).encoding_stats!.map(({ page_type, encoding, count }) => [
      page_type,
      encoding,
      count,
    ])
    const dataPages = pagesOf(file, group, 1).length - 1
    assert.deepEqual(counted, [
      ['DICTIONARY_PAGE', 'PLAIN', 1],
      ['DATA_PAGE', 'RLE_DICTIONARY', dataPages],
    ])
  }
})

test('PP3: a dictionary that outgrows its limit is left, chunk by chunk', async () => {
  const long = (n: number) => `${'x'.repeat(1000)}${n % 1100}`
  const values = [
    ...Array.from({ length: 4000 }, (_, n) => long(n)),
    ...Array.from({ length: 4000 }, (_, n) => long(n % 50)),
  ]
  const mixed = writeFile([{ spec: spec('a', 'string', { codec: 'SNAPPY' }), values }], { rowGroupRows: 4000 })
  const used = metadataOf(mixed).row_groups.map(group =>
    group.columns[0]!.meta_data!.encodings.includes('RLE_DICTIONARY'),
  )
  assert.deepEqual(used, [false, true])
  assert.deepEqual(
    (await readRows(mixed)).map(row => row.a),
    values,
  )
})

test('PP3: where hardly one of the first values repeats, no dictionary is looked for in the rest', () => {
  const usesDictionary = (distinct: number) => {
    const values = Array.from({ length: 20_000 }, (_, n) => (n < 10_000 ? `value ${n % distinct}` : 'same'))
    const one = writeFile([{ spec: spec('a', 'string'), values }], { rowGroupRows: 20_000 })
    return metadataOf(one).row_groups[0]!.columns[0]!.meta_data!.dictionary_page_offset !== undefined
  }
  assert.deepEqual([10_000, 5000].map(usesDictionary), [false, true])
})

test('PP4: statistics of chunks and pages are those of their values', () => {
  for (const [group, { columns: chunks }] of metadata.row_groups.entries()) {
    for (const column of chunks.keys()) {
      const { bounds, offsets } = indexes(group, column)
      const { statistics } = chunk(group, column)
      const written = columns[column]!.values.slice(group * rowGroupRows, (group + 1) * rowGroupRows)
      if (!columns[column]!.spec.statistics) {
        assert.deepEqual([bounds, statistics], [undefined, undefined])
        continue
      }
      const { min_value, max_value, null_count } = statistics!
      assert.deepEqual({ min: min_value, max: max_value, nulls: Number(null_count) }, summaryOf(written))
      for (const [page, { first_row_index }] of offsets.entries()) {
        const to = Number(offsets[page + 1]?.first_row_index ?? rowGroupRows)
        const { min_values, max_values, null_counts } = bounds!
        const claimed = { min: min_values[page], max: max_values[page], nulls: Number(null_counts![page]) }
        assert.deepEqual(claimed, summaryOf(written.slice(Number(first_row_index), to)))
      }
    }
  }
  assert.equal(indexes(0, 0).bounds?.boundary_order, 'ASCENDING')
})

function summaryOf(values: readonly Value[]): { min: unknown; max: unknown; nulls: number } {
  const ordered = values.filter(value => value !== null && !Number.isNaN(value)) as number[]
  const sorted = ordered.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0))
  return { min: sorted[0], max: sorted.at(-1), nulls: values.filter(value => value === null).length }
}

test('PP4: the order that a column index claims is that of its bounds', () => {
  const small = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', 'é', '😀'), maxLength: 80 }), {
    minLength: 1,
    maxLength: 20,
  })
  const kinds = fc.constantFrom('as it is', 'up', 'down')
  fc.assert(
    fc.property(small, kinds, (texts, kind) => {
      const values =
        kind === 'as it is' ? texts : texts.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
      if (kind === 'down') values.reverse()
      const one = writeFile([{ spec: spec('a', 'string', { dictionary: false }), values }], { pageBytes: 64 })
      const { column_index_offset } = metadataOf(one).row_groups[0]!.columns[0]!
      const { struct } = readStruct(one, Number(column_index_offset))
      const ascends = (list: Buffer[]) =>
        list.every((bound, at) => at === 0 || Buffer.compare(list[at - 1]!, bound) <= 0)
      const [mins, maxs] = [struct[2] as Buffer[], struct[3] as Buffer[]]
      const up = ascends(mins) && ascends(maxs)
      const down = ascends(mins.toReversed()) && ascends(maxs.toReversed())
      if (struct[4] === 1) assert.ok(up)
      if (struct[4] === 2) assert.ok(down)
      if (kind === 'up') assert.equal(struct[4], 1)
    }),
  )
})

test('PP4: a page of nothing but NaN has no bounds, and its chunk no column index', () => {
  const nans: Column = {
    spec: spec('a', 'double', { dictionary: false }),
    values: [...Array(100).fill(Number.NaN), 1, 2],
  }
  const { meta_data, column_index_offset } = metadataOf(writeFile([nans], { pageBytes: 64 })).row_groups[0]!.columns[0]!
  assert.equal(column_index_offset, undefined)
  assert.deepEqual([meta_data!.statistics!.min_value, meta_data!.statistics!.max_value], [1, 2])
})

test('PP5: sizes and places add up to the whole file', () => {
  let end = 4
  for (const group of metadata.row_groups) {
    assert.equal(Number(group.file_offset), end)
    let compressed = 0
    for (const { meta_data } of group.columns) {
      const from = Number(meta_data!.dictionary_page_offset ?? meta_data!.data_page_offset)
      assert.equal(from, end)
      const pages = readPages(file, from, from + Number(meta_data!.total_compressed_size))
      const headerBytes = pages.reduce((sum, page) => sum + page.length - page.body.length, 0)
      const bodyBytes = pages.reduce((sum, page) => sum + (page.header[2] as number), 0)
      assert.equal(Number(meta_data!.total_uncompressed_size), headerBytes + bodyBytes)
      compressed += Number(meta_data!.total_compressed_size)
      end = from + Number(meta_data!.total_compressed_size) + (meta_data!.bloom_filter_length ?? 0)
    }
    assert.equal(Number(group.total_compressed_size), compressed)
  }
  assert.equal(Number(metadata.row_groups[0]!.columns[0]!.column_index_offset), end)
})

test('PP6: the bloom filter finds every value of its chunk, and about as few others as was asked for', () => {
  for (const group of [0, 1, 2]) {
    const { bloom_filter_offset, bloom_filter_length } = chunk(group, 1)
    const { struct, end } = readStruct(file, Number(bloom_filter_offset))
    const bitset = file.subarray(end, end + (struct[1] as number))
    assert.equal(end + bitset.length, Number(bloom_filter_offset) + bloom_filter_length!)
    for (const value of columns[1]!.values)
      if (value !== null) assert.ok(mayContain(bitset, Buffer.from(value as string)))
    const others = ids.filter(n => mayContain(bitset, Buffer.from(`other ${n}`)))
    assert.ok(others.length < rows * 0.02, `${others.length}`)
  }
  assert.equal(chunk(0, 0).bloom_filter_offset, undefined)
})

test('PP6: without a dictionary all values are in the filter too', async () => {
  const values = ids.map(n => `unique ${n}`)
  const unique = writeFile([{ spec: spec('a', 'string', { dictionary: false, bloomFpp: 0.1 }), values }], {
    rowGroupRows: rows,
  })
  const { bloom_filter_offset } = metadataOf(unique).row_groups[0]!.columns[0]!.meta_data!
  const { struct, end } = readStruct(unique, Number(bloom_filter_offset))
  assert.ok(values.every(value => mayContain(unique.subarray(end, end + (struct[1] as number)), Buffer.from(value))))
})

test('PP7: a row group says that it is sorted only where it is', () => {
  const times = [3, 1, 2, 4, 5, 5, 6, 7, 8].map(BigInt)
  const kinds = ['a', 'a', 'a', 'a', 'b', 'c', 'a', 'a', 'a']
  const late: Column[] = [
    { spec: spec('kind', 'string'), values: kinds },
    { spec: spec('time', 'int64'), values: times },
  ]
  const sorting = (sortedBy: string[]) => {
    const { row_groups } = metadataOf(writeFile(late, { rowGroupRows: 3, sortedBy }))
    return row_groups.map(group => group.sorting_columns?.map(column => column.column_idx))
  }
  assert.deepEqual(sorting(['time']), [undefined, [1], [1]])
  assert.deepEqual(sorting(['time', 'kind']), [undefined, [1, 0], [1, 0]])
  assert.deepEqual(sorting(['kind', 'time']), [undefined, [0, 1], [0, 1]])
  assert.deepEqual(sorting([]), [undefined, undefined, undefined])
})
