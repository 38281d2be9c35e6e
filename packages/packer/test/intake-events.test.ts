import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Int32, Table, tableToIPC, vectorFromArray } from 'apache-arrow'
import fc from 'fast-check'
import type { DecodedEvents, Refusal } from '../src/intake/contract.ts'
import { EventBatch } from '../src/intake/event-batch.ts'
import { decodeEvents } from '../src/intake/index.ts'
import { type EventRow, event, eventStream, rawEventStream, rowsOf, textColumn } from './intake-support.ts'

function decodedRows(decoded: readonly DecodedEvents[]): EventRow[] {
  return decoded.flatMap(({ columns }) => rowsOf(columns))
}

function refusalsOf(decoded: readonly DecodedEvents[]): Refusal[] {
  return decoded.flatMap(({ refusals }) => refusals)
}

for (const layout of ['utf8', 'large_utf8', 'dictionary'] as const) {
  test(`events come out as they went in, text as ${layout}`, () => {
    const rows = Array.from({ length: 500 }, (_, at) => event(at))
    const decoded = decodeEvents(eventStream(rows, layout))
    assert.deepEqual(decodedRows(decoded), rows)
    assert.deepEqual(refusalsOf(decoded), [])
  })
}

const faults: readonly [string, Partial<EventRow>][] = [
  ['timestamp-not-positive', { timestamp_ns: 0n }],
  ['timestamp-not-positive', { timestamp_ns: -5n }],
  ['timestamp-not-positive', { timestamp_ns: null }],
  ['missing-value', { event_type: null }],
  ['missing-value', { data: null }],
  ['missing-value', { session_id: null }],
  ['missing-value', { session_id: '' }],
  ['missing-value', { event_id: null }],
  ['missing-value', { event_id: '' }],
  ['not-json', { data: '' }],
  ['not-json', { data: '{"a":' }],
  ['too-large', { window_title: 'x'.repeat(17 * 1024 * 1024) }],
]

for (const [reason, fault] of faults) {
  const what = JSON.stringify(fault, (_, value) => (typeof value === 'bigint' ? `${value}` : value)).slice(0, 40)
  test(`PI2: a row with ${what} is refused as ${reason}, and its neighbours are kept`, () => {
    const rows = [event(1), event(2, fault), event(3)]
    const decoded = decodeEvents(eventStream(rows))
    assert.deepEqual(decodedRows(decoded), [rows[0], rows[2]])
    const [refusal, ...others] = refusalsOf(decoded)
    assert.deepEqual(others, [])
    assert.equal(refusal!.reason, reason)
    assert.equal(refusal!.row, 1)
    assert.deepEqual(JSON.parse(`${refusal!.content}`), { ...rows[1], timestamp_ns: `${rows[1]!.timestamp_ns ?? 0n}` })
  })
}

test('PI2: every row is either kept, in its place, or refused', () => {
  const row = fc.record({
    timestamp_ns: fc.bigInt({ min: -2n, max: (1n << 63n) - 1n }),
    event_type: fc.option(fc.constantFrom('key', 'mouse'), { freq: 9 }),
    app_bundle_id: fc.option(fc.string()),
    window_title: fc.option(fc.string({ unit: 'grapheme' })),
    data: fc.oneof(fc.json(), fc.string()),
    session_id: fc.string(),
    event_id: fc.string(),
  })
  fc.assert(
    fc.property(fc.array(row, { maxLength: 40 }), rows => {
      const isGood = (row: EventRow) =>
        row.timestamp_ns! > 0n &&
        row.event_type !== null &&
        row.session_id !== '' &&
        row.event_id !== '' &&
        parses(row.data!)
      const decoded = decodeEvents(eventStream(rows))
      const refused = new Set(refusalsOf(decoded).map(refusal => refusal.row))
      assert.deepEqual(
        decodedRows(decoded),
        rows.filter(isGood).map(row => ({ ...row })),
      )
      assert.deepEqual(
        [...refused],
        [...rows.keys()].filter(at => !isGood(rows[at]!)),
      )
    }),
    { numRuns: 200 },
  )
})

function parses(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

function rawColumns(more: object = {}) {
  return {
    rows: 2,
    timestampNs: BigInt64Array.of(1n, 2n),
    eventType: textColumn(['key', 'key']),
    appBundleId: textColumn(['a', 'b']),
    windowTitle: textColumn(['a', 'b']),
    data: textColumn(['{}', '1']),
    sessionId: textColumn(['s', 's']),
    eventId: textColumn(['1', '2']),
    ...more,
  }
}

test('PI2: text that is not UTF-8 is refused, also where only the cut between two rows makes it so', () => {
  const bad = decodeEvents(rawEventStream(rawColumns({ windowTitle: textColumn([Buffer.from([0xff]), 'b']) })))
  assert.deepEqual(
    refusalsOf(bad).map(({ reason, row }) => [reason, row]),
    [['not-utf8', 0]],
  )
  assert.deepEqual(JSON.parse(`${refusalsOf(bad)[0]!.content}`).window_title, { base64: '/w==' })
  const split = textColumn([Buffer.from('é').subarray(0, 1), Buffer.from('é').subarray(1)])
  const cut = decodeEvents(rawEventStream(rawColumns({ windowTitle: split })))
  assert.deepEqual(
    refusalsOf(cut).map(({ reason, row }) => [reason, row]),
    [
      ['not-utf8', 0],
      ['not-utf8', 1],
    ],
  )
})

test('PI1: offsets that cannot be refuse the record, with its bytes', () => {
  const whole = Buffer.from(rawEventStream(rawColumns({ eventId: textColumn(['1', '23456']) })))
  const offsetsAt = whole.lastIndexOf(Buffer.from(Int32Array.of(0, 1, 6).buffer))
  for (const offsets of [Int32Array.of(0, 3, 1), Int32Array.of(-4, 0, 1), Int32Array.of(0, 1, 4000)]) {
    const stream = Buffer.from(whole)
    stream.set(Buffer.from(offsets.buffer), offsetsAt)
    const [refusal] = refusalsOf(decodeEvents(stream))
    assert.equal(refusal?.reason, 'torn-record')
    assert.equal(refusal?.row, undefined)
    assert.deepEqual(Buffer.from(refusal!.content), stream)
  }
})

test('PI1: whatever stands in the arrays of a record, it is decoded or refused', () => {
  const stream = eventStream(Array.from({ length: 20 }, (_, at) => event(at)))
  const arraysFrom = stream.length - 1500
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(1491), fc.nat(255)), { minLength: 1, maxLength: 4 }), changes => {
      const damaged = Uint8Array.from(stream)
      for (const [at, byte] of changes) damaged[arraysFrom + at] = byte
      decodedRows(decodeEvents(damaged))
    }),
    { numRuns: 1500 },
  )
})

test('what is not Arrow, cut short, or of another schema is refused as that', () => {
  const stream = eventStream([event(1)])
  const other = (columns: Record<string, unknown>) => tableToIPC(new Table(columns as never), 'stream')
  const reason = (bytes: Uint8Array) => refusalsOf(decodeEvents(bytes)).map(refusal => refusal.reason)
  assert.deepEqual(reason(Buffer.from('no arrow at all')), ['torn-record'])
  assert.deepEqual(reason(Buffer.concat([Buffer.from('no arrow at all'), stream.subarray(-8)])), ['not-arrow'])
  assert.deepEqual(reason(stream.subarray(0, -8)), ['torn-record'])
  assert.deepEqual(reason(other({ a: vectorFromArray([1], new Int32()) })), ['wrong-schema'])
  assert.deepEqual(reason(new Uint8Array(0)), ['torn-record'])
})

test('a batch gathers runs of rows, and gives them away whole', () => {
  const rows = Array.from({ length: 3000 }, (_, at) => event(at))
  const [{ columns }] = decodeEvents(eventStream(rows)) as [DecodedEvents]
  const run = fc.tuple(fc.nat(2999), fc.nat(2999)).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const)
  fc.assert(
    fc.property(fc.array(run, { maxLength: 5 }), runs => {
      const batch = new EventBatch()
      for (const [from, to] of runs) batch.append(columns, from, to)
      const expected = runs.flatMap(([from, to]) => rows.slice(from, to))
      assert.equal(batch.rows, expected.length)
      assert.deepEqual(rowsOf(batch.take()), expected)
      assert.deepEqual([batch.rows, batch.take().rows], [0, 0])
    }),
    { numRuns: 15 },
  )
})
