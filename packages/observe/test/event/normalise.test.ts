import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventFromJson, eventToJson } from '../../src/event/codec.ts'
import { metadataBytesMax, metadataDepthMax } from '../../src/event/limits.ts'
import { normalise } from '../../src/event/normalise.ts'

const receivedMicros = Date.UTC(2026, 10, 20, 12) * 1000
const madeId = '11111111-1111-5111-8111-111111111111'
const context = { receivedMicros, eventId: () => madeId }
const least = { trace_id: 't-1', event_type: 'task.created' }
const made = {
  eventId: madeId,
  traceId: 't-1',
  source: '',
  eventType: 'task.created',
  timestampMicros: receivedMicros,
  metadata: {},
  isDeadLetter: false,
}

test('OE1: what is missing is made, what is null is missing, and what is not known is left out', () => {
  assert.deepEqual(normalise(least, context), made)
  const nulls = { ...least, event_id: null, source: null, timestamp: null, metadata: null }
  assert.deepEqual(normalise(nulls, context), made)
  assert.deepEqual(normalise({ ...least, version: 2, agent: 'kai' }, context), made)
})

test('OE1: what is there is taken as it is, the id in lower case and the time in UTC', () => {
  const event = {
    ...least,
    event_id: '2ED6657D-E927-568B-95E1-2665A8AEA6A2',
    source: 'kai',
    timestamp: '2026-11-20T13:00:00.0000019+02:00',
    metadata: { title: 'Ünïcode 🦜', list: [1, null, { deep: true }] },
  }
  assert.deepEqual(normalise(event, { ...context, isDeadLetter: true }), {
    eventId: '2ed6657d-e927-568b-95e1-2665a8aea6a2',
    traceId: 't-1',
    source: 'kai',
    eventType: 'task.created',
    timestampMicros: receivedMicros - 3_600_000_000 + 1,
    metadata: event.metadata,
    isDeadLetter: true,
  })
})

const refusals: readonly [value: unknown, reason: string, detail: RegExp][] = [
  [null, 'not-an-object', /JSON object/],
  [[least], 'not-an-object', /JSON object/],
  ['task.created', 'not-an-object', /JSON object/],
  [{ event_type: 'task.created' }, 'missing-trace-id', /^trace_id/],
  [{ ...least, trace_id: '' }, 'missing-trace-id', /^trace_id/],
  [{ ...least, trace_id: null }, 'missing-trace-id', /^trace_id/],
  [{ ...least, trace_id: 7 }, 'invalid-field', /^trace_id: a text/],
  [{ ...least, trace_id: 'a\0b' }, 'invalid-field', /^trace_id: .*U\+0000/],
  [{ ...least, trace_id: '\ud83e' }, 'invalid-field', /^trace_id: .*surrogate/],
  [{ ...least, trace_id: 'x'.repeat(256) }, 'too-large', /^trace_id: at most 255 bytes/],
  [{ ...least, trace_id: 'ü'.repeat(128) }, 'too-large', /^trace_id: at most 255 bytes/],
  [{ trace_id: 't-1' }, 'missing-event-type', /^event_type/],
  [{ ...least, event_type: ['task.created'] }, 'invalid-field', /^event_type/],
  [{ ...least, event_type: 'x'.repeat(256) }, 'too-large', /^event_type/],
  [{ ...least, source: {} }, 'invalid-field', /^source/],
  [{ ...least, source: false }, 'invalid-field', /^source/],
  [{ ...least, source: 'x'.repeat(256) }, 'too-large', /^source/],
  [{ ...least, event_id: 'evt-1' }, 'invalid-field', /^event_id: a UUID/],
  [{ ...least, event_id: '' }, 'invalid-field', /^event_id/],
  [{ ...least, event_id: '00000000-0000-0000-0000-000000000000' }, 'invalid-field', /^event_id.*nil/],
  [{ ...least, timestamp: '' }, 'invalid-field', /^timestamp: .*RFC 3339/],
  [{ ...least, timestamp: 1_763_640_000 }, 'invalid-field', /^timestamp: .*RFC 3339/],
  [{ ...least, timestamp: '2026-11-20T12:00:00' }, 'invalid-field', /^timestamp: .*offset/],
  [{ ...least, timestamp: '0001-01-01T00:00:00Z' }, 'clock', /^timestamp: .*1970/],
  [{ ...least, timestamp: '2026-11-21T12:00:00.000001Z' }, 'clock', /^timestamp: .*day/],
  [{ ...least, metadata: [] }, 'invalid-field', /^metadata: a JSON object/],
  [{ ...least, metadata: '' }, 'invalid-field', /^metadata: a JSON object/],
  [{ ...least, metadata: 'x' }, 'invalid-field', /^metadata: a JSON object/],
  [{ ...least, metadata: { a: ['\0'] } }, 'invalid-field', /^metadata: .*U\+0000/],
  [{ ...least, metadata: { a: { '\0': 1 } } }, 'invalid-field', /^metadata: .*U\+0000/],
  [{ ...least, metadata: { a: '\udc00' } }, 'invalid-field', /^metadata: .*surrogate/],
  [{ ...least, metadata: { a: JSON.parse('1e999') } }, 'invalid-field', /^metadata: a number/],
  [{ ...least, metadata: { a: undefined } }, 'invalid-field', /^metadata: only values of JSON/],
  [{ ...least, metadata: { a: 1n } }, 'invalid-field', /^metadata: only values of JSON/],
]

test('OE1: what is not accepted is refused with its reason, the name of the member, and nothing of its content', () => {
  for (const [value, reason, detail] of refusals) {
    const refusal = normalise(value, context)
    assert.ok('reason' in refusal, detail.source)
    assert.equal(refusal.reason, reason, refusal.detail)
    assert.match(refusal.detail, detail)
  }
  const secret = normalise({ ...least, metadata: { password: 'hunter2\0' } }, context)
  assert.doesNotMatch(JSON.stringify(secret), /password|hunter2/)
})

test('the limits themselves are accepted', () => {
  const nested = (depth: number): unknown => (depth === 0 ? 1 : { a: nested(depth - 1) })
  assert.ok('eventId' in normalise({ ...least, metadata: nested(metadataDepthMax) }, context))
  assert.equal(reasonOf({ metadata: nested(metadataDepthMax + 1) }), 'too-large')
  // The text around the value is {"a":""}.
  const filled = (bytes: number) => ({ metadata: { a: 'x'.repeat(bytes - 8) } })
  assert.equal(reasonOf(filled(metadataBytesMax)), undefined)
  assert.equal(reasonOf(filled(metadataBytesMax + 1)), 'too-large')
  assert.equal(reasonOf({ trace_id: 'x'.repeat(255), source: 'ü'.repeat(127) }), undefined)
  assert.equal(reasonOf({ timestamp: '2026-11-21T12:00:00Z' }), undefined)
  assert.equal(reasonOf({ timestamp: '1970-01-01T00:00:00Z' }), undefined)
})

function reasonOf(members: object): string | undefined {
  const result = normalise({ ...least, ...members }, context)
  return 'reason' in result ? result.reason : undefined
}

test('a record may say that it was written at any time', () => {
  const at = (receivedMicros: number, timestamp?: string) => {
    const result = normalise({ ...least, timestamp }, { ...context, receivedMicros })
    return 'reason' in result ? result.reason : result.timestampMicros
  }
  assert.equal(at(-1000), 'clock')
  assert.equal(at(2 ** 62), 'clock')
  assert.equal(at(2 ** 62, '9999-12-31T23:59:59Z'), 'clock')
  assert.equal(at(2 ** 62, '2255-01-01T00:00:00Z'), Date.UTC(2255, 0) * 1000)
  assert.equal(at(-1000, '1970-01-01T00:00:00Z'), 0)
})

test('OE1: bytes that are no text, no JSON, or end too early are refused', () => {
  const reasons: [string | Uint8Array, string][] = [
    [Buffer.from([0x7b, 0xff, 0x7d]), 'not-utf8'],
    [new Uint8Array(), 'not-json'],
    ['', 'not-json'],
    ['{"trace_id":"t-1"', 'not-json'],
    ['{"a":1}{"a":1}', 'not-json'],
    ['null', 'not-an-object'],
    [`${'['.repeat(200_000)}${']'.repeat(200_000)}`, 'not-an-object'],
  ]
  for (const [json, reason] of reasons) {
    const refusal = eventFromJson(json, context)
    assert.equal('reason' in refusal && refusal.reason, reason)
  }
})

test('OE1: an event written as JSON comes back, a dead letter as one', () => {
  for (const isDeadLetter of [false, true]) {
    const event = { ...made, metadata: { title: 'é' }, isDeadLetter }
    const json = eventToJson(event)
    assert.deepEqual(eventFromJson(Buffer.from(json), context), event)
    assert.deepEqual(eventFromJson(json, { ...context, eventId: assert.fail }), event)
  }
})

test('a member with the name of a built-in one is a member like any other', () => {
  const json = '{"trace_id":"t","event_type":"x","metadata":{"__proto__":{"title":"no"},"constructor":1,"toJSON":2}}'
  const event = eventFromJson(json, context)
  assert.ok('eventId' in event)
  assert.equal(event.metadata.title, undefined)
  assert.match(eventToJson(event), /"metadata":\{"__proto__":\{"title":"no"\},"constructor":1,"toJSON":2\}/)
})
