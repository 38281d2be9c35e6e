/** What `apache-arrow` and PyArrow write is read to the value: every type and layout that is accepted, nulls, batches, dictionaries that grow and change. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import {
  Binary,
  type Data,
  DataType,
  Dictionary,
  Field,
  type Int,
  Int8,
  Int16,
  Int32,
  Int64,
  LargeBinary,
  LargeUtf8,
  makeBuilder,
  makeData,
  RecordBatch,
  RecordBatchStreamWriter,
  Schema,
  Struct,
  tableFromIPC,
  Uint8,
  Uint16,
  Uint32,
  Uint64,
  Utf8,
  type Vector,
  vectorFromArray,
} from 'apache-arrow'
import fc from 'fast-check'
import { decodeEvents, decodeFrames } from '../src/intake/index.ts'
import * as arrow from './arrow-bytes.ts'
import { type EventRow, event, rowsOf } from './intake-support.ts'

const names = ['event_type', 'app_bundle_id', 'window_title', 'data', 'session_id', 'event_id'] as const
const indexTypes = [Int8, Uint8, Int16, Uint16, Int32, Uint32, Int64, Uint64]
/** Each with dictionaries of its own: their ids are those of the types. */
const textTypes: Record<string, () => DataType> = {
  utf8: () => new Utf8(),
  large_utf8: () => new LargeUtf8(),
  ...Object.fromEntries(
    indexTypes.map(Index => [`dictionary by ${new Index()}`, () => new Dictionary(new Utf8(), new Index() as Int32)]),
  ),
}

/** A stream with a batch for each of `batches`, its columns of `types` and in the order of `order`. */
function streamOf(
  batches: readonly (readonly EventRow[])[],
  types: readonly string[],
  order: readonly number[],
): Uint8Array {
  const columns = [
    { name: 'timestamp_ns' as const, type: new Int64() as DataType },
    ...names.map((name, at) => ({ name, type: textTypes[types[at]!]!() })),
  ]
  const sorted = order.map(at => columns[at]!)
  const schema = new Schema(sorted.map(({ name, type }) => new Field(name, type, true)))
  const writer = new RecordBatchStreamWriter()
  writer.reset(undefined, schema)
  for (const rows of batches) {
    const children = sorted.map(({ name, type }) => {
      const values = rows.map(row => row[name])
      return DataType.isDictionary(type) ? dictionaryData(values, type) : vectorFromArray(values, type).data[0]!
    })
    writer.write(new RecordBatch(schema, makeData({ type: new Struct(schema.fields), length: rows.length, children })))
  }
  writer.finish()
  return writer.toUint8Array(true)
}

/** By hand: the library makes none with indices of 64 bits from values. */
function dictionaryData(values: readonly (string | bigint | null)[], type: Dictionary): Data {
  const entries = [...new Set(values.filter(value => value !== null))]
  const { nullCount, nullBitmap } = vectorFromArray(values, new Utf8()).data[0]!
  const indices = values.map(value => Math.max(entries.indexOf(value!), 0))
  const { ArrayType } = type.indices as Int
  const is64 = ArrayType === BigInt64Array || ArrayType === BigUint64Array
  const data = new ArrayType((is64 ? indices.map(BigInt) : indices) as never) as Int32Array
  const dictionary = vectorFromArray(entries, new Utf8())
  return makeData({
    type,
    length: values.length,
    nullCount,
    nullBitmap,
    data,
    dictionary,
  })
}

function decodedRows(stream: Uint8Array): EventRow[] {
  return decodeEvents(stream).flatMap(({ columns, refusals }) => {
    assert.deepEqual(refusals, [])
    return rowsOf(columns)
  })
}

const anyRow = fc.record({
  timestamp_ns: fc.bigInt({ min: 1n, max: (1n << 63n) - 1n }),
  event_type: fc.constantFrom('key', 'mouse', 'Übersicht', ''),
  app_bundle_id: fc.option(fc.string(), { freq: 2 }),
  window_title: fc.option(fc.string({ unit: 'grapheme', maxLength: 80 }), { freq: 3 }),
  data: fc.json(),
  session_id: fc.string({ minLength: 1 }),
  event_id: fc.uuid(),
})

for (const type of Object.keys(textTypes)) {
  test(`text as ${type}, any columns in any order, is what apache-arrow wrote`, () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(anyRow, { minLength: 1, maxLength: 20 }), { minLength: 1, maxLength: 3 }),
        fc.array(fc.constantFrom(type, ...Object.keys(textTypes)), { minLength: 6, maxLength: 6 }),
        fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6], { minLength: 7 }),
        fc.nat(8),
        (batches, types, order, shift) => {
          const stream = streamOf(batches, [...types.slice(1), type], order)
          // Payloads begin where their source put them: arrays that are not at a multiple of their size are copied.
          const placed = Buffer.concat([Buffer.alloc(shift), stream]).subarray(shift)
          assert.deepEqual(
            decodedRows(placed),
            batches.flat().map(row => ({ ...row })),
          )
        },
      ),
      { numRuns: 25 },
    )
  })
}

test('rows are those that apache-arrow reads, also of a slice whose arrays begin elsewhere', () => {
  const rows = Array.from({ length: 100 }, (_, at) => event(at))
  const stream = streamOf(
    [rows.slice(0, 37), rows.slice(37)],
    ['utf8', 'large_utf8', 'utf8', 'utf8', 'utf8', 'large_utf8'],
    [3, 1, 0, 2, 6, 5, 4],
  )
  const judged = tableFromIPC(stream)
    .toArray()
    .map(row => row.toJSON())
  assert.deepEqual(
    decodedRows(stream),
    judged.map(row => Object.fromEntries(['timestamp_ns', ...names].map(name => [name, row[name]]))),
  )
})

test('a stream of PyArrow: two batches, texts of each layout, nulls, a dictionary that grows, metadata of its own', () => {
  const path = new URL('./golden/events-pyarrow-26.arrows', import.meta.url)
  const row = (at: number, type: string, app: string | null, title: string | null): EventRow => ({
    timestamp_ns: 1_790_000_000_000_000_000n + BigInt(at),
    event_type: type,
    app_bundle_id: app,
    window_title: title,
    data: JSON.stringify({ at }),
    session_id: 'session',
    event_id: `event-${at}`,
  })
  assert.deepEqual(decodedRows(readFileSync(path)), [
    row(0, 'key', null, 'Übersicht'),
    row(1, 'mouse', 'org.example', null),
    row(2, 'key', 'org.example', ''),
    row(3, 'window', null, null),
    row(4, 'mouse', null, '窓'),
  ])
})

test('a time that is null is none, whatever stands under the null', () => {
  const parts = arrow.eventParts()
  parts.nodes[0] = [2, 1]
  parts.buffers[0] = [parts.body.length, 1]
  parts.body = Buffer.concat([parts.body, Buffer.of(0b01, 0, 0, 0, 0, 0, 0, 0)])
  const [decoded] = decodeEvents(arrow.stream(arrow.schemaMessage(), arrow.batchMessage(parts)))
  assert.deepEqual(decoded!.columns.rows, 1)
  assert.deepEqual(
    decoded!.refusals.map(({ reason, row }) => [reason, row]),
    [['timestamp-not-positive', 1]],
  )
})

test('a dictionary that grows from batch to batch, as apache-arrow writes it', () => {
  const type = new Dictionary(new Utf8(), new Int32())
  const builder = makeBuilder({ type, nullValues: [null] })
  const schema = new Schema([
    new Field('timestamp_ns', new Int64(), true),
    ...names.map(name => new Field(name, name === 'window_title' ? type : new Utf8(), true)),
  ])
  const writer = new RecordBatchStreamWriter()
  writer.reset(undefined, schema)
  const titles = [
    ['a', 'b', null],
    ['b', 'c'],
    ['é', 'a', 'c', 'a'],
  ]
  for (const batch of titles) {
    for (const title of batch) builder.append(title)
    const text = (value: string) =>
      vectorFromArray(
        batch.map(() => value),
        new Utf8(),
      ).data[0]!
    const children = [
      vectorFromArray(
        batch.map(() => 1n),
        new Int64(),
      ).data[0]!,
      ...names.map(name => (name === 'window_title' ? builder.flush() : text('{}'))),
    ]
    writer.write(new RecordBatch(schema, makeData({ type: new Struct(schema.fields), length: batch.length, children })))
  }
  writer.finish()
  assert.deepEqual(
    decodedRows(writer.toUint8Array(true)).map(row => row.window_title),
    titles.flat(),
  )
})

/** Titles by a dictionary with id 5, `indices` of 8 bits. */
function titled(indices: number[], index: arrow.Node = arrow.int(8)): { schema: Buffer; batch: Buffer } {
  const encoding = arrow.table(arrow.int64(5), index)
  const title = arrow.field('window_title', arrow.types.utf8, undefined, encoding)
  const parts = arrow.partsOf(indices.length, [
    [undefined, new BigInt64Array(indices.length).fill(1n)],
    ...arrow.textNames.map(name =>
      name === 'window_title'
        ? [undefined, Int8Array.from(indices)]
        : [
            undefined,
            Int32Array.from({ length: indices.length + 1 }, (_, row) => row * 2),
            Buffer.from('{}'.repeat(indices.length)),
          ],
    ),
  ])
  return { schema: arrow.schemaMessage(arrow.eventFields({ window_title: title })), batch: arrow.batchMessage(parts) }
}

test('a dictionary batch replaces, appends, and counts for the batches behind it', () => {
  const { schema, batch } = titled([0, 1, 1])
  const titles = (...messages: Uint8Array[]) =>
    decodedRows(arrow.stream(schema, ...messages)).map(row => row.window_title)
  const long = 'x'.repeat(100)
  assert.deepEqual(
    titles(
      arrow.dictionaryMessage(5, ['a'], true),
      arrow.dictionaryMessage(5, [long], true),
      batch,
      arrow.dictionaryMessage(5, ['c', 'd', 'e']),
      batch,
      arrow.dictionaryMessage(5, ['f'], true),
      batch,
    ),
    ['a', long, long, 'c', 'd', 'd', 'c', 'd', 'd'],
  )
})

test('PI1: an index that leads nowhere, a dictionary that is not there or not in the schema', () => {
  const refusalOf = (...messages: Uint8Array[]) => {
    const [refusal] = decodeEvents(arrow.stream(...messages)).flatMap(({ refusals }) => refusals)
    return `${refusal?.reason}: ${refusal?.detail}`
  }
  const { schema, batch } = titled([0, 1])
  assert.match(refusalOf(schema, batch), /torn-record.*window_title.*row 0 names an entry/)
  assert.match(refusalOf(schema, arrow.dictionaryMessage(5, ['a']), batch), /torn-record.*row 1 names an entry/)
  assert.match(
    refusalOf(schema, arrow.dictionaryMessage(6, ['a'])),
    /not-arrow.*a dictionary 6 that is not in its schema/,
  )
  const negative = titled([0, -1])
  assert.match(refusalOf(negative.schema, arrow.dictionaryMessage(5, ['a']), negative.batch), /torn-record.*row 1/)
  const unsigned = titled([0, -1], arrow.int(8, false))
  assert.match(refusalOf(unsigned.schema, arrow.dictionaryMessage(5, ['a']), unsigned.batch), /torn-record.*row 1/)
})

test('PI3: what dictionaries stand for is limited over all columns and batches of a record', () => {
  const { schema, batch } = titled(Array.from({ length: 127 }, () => 0))
  const mebibyte = arrow.dictionaryMessage(5, ['x'.repeat(1024 * 1024)])
  assert.equal(decodeEvents(arrow.stream(schema, mebibyte, batch, batch)).length, 2)
  const [refused] = decodeEvents(arrow.stream(schema, mebibyte, batch, batch, batch))
  assert.equal(refused!.refusals[0]!.reason, 'too-large')
})

test('frames with images as binary and large_binary, sizes of every accepted width, null where there is none', () => {
  for (const [image, Size] of [
    [new Binary(), Int32],
    [new LargeBinary(), Int64],
    [new Binary(), Uint32],
    [new Binary(), Uint64],
  ] as const) {
    const values: Record<string, Vector> = {
      timestamp_ns: vectorFromArray([1n, 2n], new Int64()),
      session_id: vectorFromArray(['s', 's'], new Utf8()),
      event_id: vectorFromArray(['a', 'b'], new LargeUtf8()),
      format: vectorFromArray(['png', 'rgba'], new Dictionary(new Utf8(), new Int8())),
      image: vectorFromArray([Buffer.from('picture'), Buffer.alloc(16, 7)], image),
      metadata: vectorFromArray(['{}', '[]'], new Utf8()),
      ...Object.fromEntries(
        [
          ['width', 2],
          ['height', 2],
          ['stride', 8],
        ].map(([name, size]) => {
          const wide = new Size().bitWidth === 64 ? BigInt(size!) : size
          return [name, vectorFromArray([null, wide], new Size() as Int32)]
        }),
      ),
    }
    const schema = new Schema(Object.entries(values).map(([name, vector]) => new Field(name, vector.type, true)))
    const children = Object.values(values).map(vector => vector.data[0]!)
    const writer = RecordBatchStreamWriter.writeAll([
      new RecordBatch(schema, makeData({ type: new Struct(schema.fields), length: 2, children })),
    ])
    const { frames, refusals } = decodeFrames(writer.toUint8Array(true))
    assert.deepEqual(refusals, [])
    assert.deepEqual(
      frames.map(({ eventId, format, raw, image, metadata }) => [
        eventId,
        format,
        raw,
        Buffer.from(image).toString('hex'),
        metadata,
      ]),
      [
        ['a', 'png', undefined, Buffer.from('picture').toString('hex'), '{}'],
        ['b', 'rgba', { width: 2, height: 2, stride: 8 }, '07'.repeat(16), '[]'],
      ],
    )
  }
})
