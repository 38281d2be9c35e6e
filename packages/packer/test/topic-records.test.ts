import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Int32, Table, tableToIPC, vectorFromArray } from 'apache-arrow'
import fc from 'fast-check'
import type { SourceRows } from '../src/archive/contract.ts'
import { bytesOf, isNull } from '../src/intake/text.ts'
import { beforeLater } from '../src/run/source-records.ts'
import { type TopicRecord, topicSlice } from '../src/topic/index.ts'
import { event, eventStream, frameStream } from './intake-support.ts'

const place = { topic: 'orders', partition: 3, topicId: 'id-1' }
const timestampMs = 1_790_000_000_123

function record(offset: number, value: string | Uint8Array | null, more: Partial<TopicRecord> = {}): TopicRecord {
  return { offset, timestampMs, key: null, headers: [], value: bytes(value), ...more }
}

function bytes(value: string | Uint8Array | null): Uint8Array | null {
  return typeof value === 'string' ? Buffer.from(value) : value
}

function sliceOf(records: readonly TopicRecord[]) {
  const last = records.at(-1)
  return topicSlice(records, place, { from: records[0]?.offset ?? 0, next: last ? last.offset + 1 : 0 })
}

function rowsOf(records: readonly TopicRecord[]): SourceRows {
  const [rows, ...rest] = sliceOf(records).records
  assert.ok(rows?.kind === 'rows')
  assert.deepEqual(rest, [])
  return rows
}

/** The events as objects, and reasons and positions of what was refused. */
function packed(...records: TopicRecord[]) {
  const { columns, positions, refusals } = rowsOf(records)
  const text = (column: typeof columns.data, row: number) =>
    isNull(column, row) ? null : Buffer.from(bytesOf(column, row)).toString()
  const events = Array.from({ length: columns.rows }, (_, row) => ({
    offset: positions[row],
    timestamp_ns: columns.timestampNs[row],
    event_type: text(columns.eventType, row),
    app_bundle_id: text(columns.appBundleId, row),
    window_title: text(columns.windowTitle, row),
    data: text(columns.data, row),
    session_id: text(columns.sessionId, row),
    event_id: text(columns.eventId, row),
  }))
  return { events, refused: refusals.map(({ position, refusal }) => [position, refusal.reason]), refusals }
}

test('PT1: any record is an event: its place names it, its data is all of it', () => {
  const headers: TopicRecord['headers'] = [
    [Buffer.from('trace'), Buffer.from('1')],
    [Buffer.from('trace'), null],
    [Buffer.from([0xff]), Buffer.from([0xfe])],
  ]
  const { events } = packed(
    record(7, ' {"b": 1.50, "a": 12345678901234567890} '),
    record(8, 'hello', { key: Buffer.from('user-1'), headers }),
    record(9, Buffer.from([0xff, 0xff, 0xff, 0xff, 0]), { key: Buffer.from([0x80]) }),
    record(10, null),
    record(11, ''),
  )
  const common = {
    timestamp_ns: 1_790_000_000_123_000_000n,
    event_type: 'orders',
    app_bundle_id: null,
    window_title: null,
  }
  const tail = '"key":null,"headers":[]}'
  const expected = [
    [`{"value": {"b": 1.50, "a": 12345678901234567890} ,${tail}`, 'orders-3'],
    [
      '{"text":"hello","key":"user-1","headers":[["trace","1"],["trace",null],[{"base64":"/w=="},{"base64":"/g=="}]]}',
      'user-1',
    ],
    ['{"base64":"/////wA=","key":{"base64":"gA=="},"headers":[]}', 'orders-3'],
    [`{"tombstone":true,${tail}`, 'orders-3'],
    [`{"text":"",${tail}`, 'orders-3'],
  ]
  assert.deepEqual(
    events,
    expected.map(([data, session_id], at) => {
      return { offset: 7 + at, ...common, data, session_id, event_id: `orders-3-${7 + at}-id-1` }
    }),
  )
})

test('PT1: from what is packed of any record, the record can be made again', () => {
  const anyBytes = fc.uint8Array({ maxLength: 20 })
  const value = fc.option(
    fc.oneof(
      anyBytes,
      fc.json().map(json => new Uint8Array(Buffer.from(json))),
      fc.string().map(text => new Uint8Array(Buffer.from(text))),
    ),
  )
  const header = fc.tuple(anyBytes, fc.option(anyBytes))
  fc.assert(
    fc.property(value, fc.option(anyBytes), fc.array(header, { maxLength: 4 }), (value, key, headers) => {
      const { events } = packed(record(0, value, { key, headers }))
      const data = JSON.parse(events[0]!.data!)
      const decoded = (shown: string | { base64: string } | null) =>
        shown === null ? null : typeof shown === 'string' ? Buffer.from(shown) : Buffer.from(shown.base64, 'base64')
      const same = (found: Uint8Array | null, given: Uint8Array | null) =>
        assert.deepEqual(found && [...found], given && [...given])
      same(decoded(data.key), key)
      assert.equal(data.headers.length, headers.length)
      for (const [at, [name, header]] of headers.entries()) {
        same(decoded(data.headers[at][0]), name)
        same(decoded(data.headers[at][1]), header)
      }
      if (data.tombstone) assert.equal(value, null)
      else if ('value' in data) assert.ok(events[0]!.data!.startsWith(`{"value":${Buffer.from(value!)},"key":`))
      else same('text' in data ? Buffer.from(data.text) : Buffer.from(data.base64, 'base64'), value)
    }),
  )
})

test('headers name type, session and id, the last one of a name; what cannot be a name does not', () => {
  const named = (name: string, value: string | Uint8Array) => [Buffer.from(name), bytes(value)] as const
  const headers = [
    named('event_type', 'old'),
    named('event_type', 'paid'),
    named('session_id', 's'),
    named('event_id', 'e'),
  ]
  const [first, second] = packed(
    record(1, '1', { key: Buffer.from('k'), headers }),
    record(2, '1', {
      key: Buffer.from([0xff]),
      headers: [named('event_type', Buffer.from([0xff])), named('event_id', '')],
    }),
  ).events
  assert.deepEqual([first!.event_type, first!.session_id, first!.event_id], ['paid', 's', 'e'])
  assert.deepEqual(
    [second!.event_type, second!.session_id, second!.event_id],
    ['orders', 'orders-3', 'orders-3-2-id-1'],
  )
})

test('a JSON object with the members of an event is that event, to the last digit and byte', () => {
  const written = (data: string, more = '') =>
    `{"timestamp_ns":1790000000000000001,"event_type":"k\\u00e4y","session_id":"s","event_id":"e\\"1"${data}${more}}`
  const { events, refused } = packed(
    record(1, written(',"data":{"n":12345678901234567890,"t":"},{"}')),
    record(2, written(',"data":" [1, 2] "', ',"app_bundle_id":"com.example","window_title":null')),
    record(3, written('')),
    record(4, `{ "event_id" : "x" , "session_id":"s","event_type":"","timestamp_ns" : "9223372036854775807" }\n`),
  )
  assert.deepEqual(refused, [])
  const common = { event_type: 'käy', session_id: 's', event_id: 'e"1', timestamp_ns: 1_790_000_000_000_000_001n }
  assert.deepEqual(events, [
    { offset: 1, ...common, app_bundle_id: null, window_title: null, data: '{"n":12345678901234567890,"t":"},{"}' },
    { offset: 2, ...common, app_bundle_id: 'com.example', window_title: null, data: ' [1, 2] ' },
    { offset: 3, ...common, app_bundle_id: null, window_title: null, data: 'null' },
    {
      offset: 4,
      timestamp_ns: 2n ** 63n - 1n,
      event_type: '',
      app_bundle_id: null,
      window_title: null,
      data: 'null',
      session_id: 's',
      event_id: 'x',
    },
  ])
})

test('an object with a member too many, too few or twice is no event: it is packed whole', () => {
  const values = [
    '{"timestamp_ns":1,"event_type":"k","session_id":"s","event_id":"e","user":1}',
    '{"timestamp_ns":1,"event_type":"k","session_id":"s"}',
    '{"timestamp_ns":1,"event_type":"k","session_id":"s","event_id":"e","event_id":"f"}',
    '["timestamp_ns","event_type","session_id","event_id"]',
    '{}',
  ]
  const { events, refused } = packed(...values.map((value, at) => record(at, value)))
  assert.deepEqual(refused, [])
  assert.deepEqual(
    events.map(({ data }) => data),
    values.map(value => `{"value":${value},"key":null,"headers":[]}`),
  )
})

test('an event that breaks a rule is refused with its reason and all of its record, and its neighbours are kept', () => {
  const broken = (members: object) =>
    JSON.stringify({ timestamp_ns: 1, event_type: 'k', session_id: 's', event_id: 'e', ...members })
  const cases = [
    [broken({ timestamp_ns: 0 }), 'timestamp-not-positive'],
    [broken({ timestamp_ns: '9223372036854775808' }), 'timestamp-not-positive'],
    [broken({ timestamp_ns: 1.5 }), 'wrong-schema'],
    [broken({ timestamp_ns: null }), 'wrong-schema'],
    [broken({ event_type: null }), 'missing-value'],
    [broken({ session_id: 5 }), 'wrong-schema'],
    [broken({ event_id: '' }), 'missing-value'],
    [broken({ window_title: {} }), 'wrong-schema'],
    [broken({ data: 'no JSON' }), 'not-json'],
    [broken({}).replace('"s"', '"\\ud800"'), 'not-utf8'],
    [`${'['.repeat(512)}${']'.repeat(512)}`, 'not-json'],
  ] as const
  const key = Buffer.from([1, 2])
  const good = record(100, '1')
  const { events, refused, refusals } = packed(...cases.map(([value], at) => record(at, value, { key })), good)
  assert.deepEqual(
    refused,
    cases.map(([, reason], at) => [at, reason]),
  )
  assert.deepEqual(
    events.map(({ offset }) => offset),
    [100],
  )
  for (const [at, [value]] of cases.entries()) {
    const tail = `"key":"\\u0001\\u0002","headers":[],"timestamp_ms":${timestampMs}}`
    assert.equal(Buffer.from(refusals[at]!.refusal.content).toString(), `{"value":${value},${tail}`)
  }
  const timeless = packed(record(0, '1', { timestampMs: -1 }), record(1, '1', { timestampMs: 1e13 }))
  assert.deepEqual(timeless.refused, [
    [0, 'timestamp-not-positive'],
    [1, 'timestamp-not-positive'],
  ])
})

test('Arrow as recorders write it is taken as from a ring; other Arrow, and what only begins like it, as bytes', () => {
  const stream = eventStream([event(0), event(1)])
  // At an odd place in memory, as values lie in an answer of a broker.
  const odd = Buffer.concat([Buffer.from([0]), stream]).subarray(1)
  const cut = stream.subarray(0, -9)
  const frames = frameStream([
    { timestamp_ns: 1n, session_id: 's', event_id: 'f', format: 'png', image: Uint8Array.of(1), metadata: '{}' },
  ])
  const other = tableToIPC(new Table({ price: vectorFromArray([1, 2], new Int32()) }), 'stream')
  const values = ['a', odd, cut, Buffer.from('ffffffffffff', 'hex'), frames, other]
  const slice = sliceOf(values.map((value, offset) => record(offset, value)))
  assert.deepEqual(
    slice.records.map(each => [each.kind, each.kind === 'rows' ? [...each.positions] : each.position]),
    [
      ['rows', [0]],
      ['events', 1],
      ['events', 2],
      ['rows', [3]],
      ['frames', 4],
      ['rows', [5]],
    ],
    'what was cut short is refused as from a ring, where the schema was whole',
  )
})

test('rows end before the first that is later than asked for, with the refusals in front of it', () => {
  const at = (offset: number, ms: number) => record(offset, '1', { timestampMs: ms })
  const whole = sliceOf([
    at(0, 10),
    record(1, '1', { timestampMs: -1 }),
    at(2, 20),
    at(3, 30),
    record(4, '1', { timestampMs: -1 }),
  ])
  const later = (ms: number) => beforeLater(whole, ns => ns > BigInt(ms) * 1_000_000n)
  const cut = later(20)
  assert.equal(cut.isCut, true)
  assert.equal(cut.slice?.next, 3)
  const [rows] = cut.slice!.records
  assert.ok(rows?.kind === 'rows')
  assert.deepEqual([rows.columns.rows, [...rows.positions]], [2, [0, 2]])
  assert.deepEqual(
    rows.refusals.map(({ position }) => position),
    [1],
  )
  assert.deepEqual(later(5), { slice: undefined, isCut: true })
  assert.deepEqual(later(30), { slice: whole, isCut: false })
})
