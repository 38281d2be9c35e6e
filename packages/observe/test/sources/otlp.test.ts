import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ChronicleError } from '@chronicle/base'
import fc from 'fast-check'
import {
  addEvents,
  emptyTraceState,
  eventsOfTraces,
  exportAnswer,
  projectTrace,
  statusAnswer,
} from '../../src/index.ts'
import { foreignNamesMax, messagesMax, valueDepthMax } from '../../src/sources/otlp/limits.ts'
import { bytes, jsonRequest, protobufRequest, type TestSpan } from './otlp-request.ts'

const startMs = Date.UTC(2026, 10, 21, 9)
const received = (startMs + 60_000) * 1000
const traceId = '5b8efff798038103d269b633813fc60c'
const rootId = 'eee19b7ec3c1b174'
const service = { 'service.name': 'planner' }
const agent: TestSpan = {
  traceId,
  spanId: rootId,
  name: 'invoke_agent scout',
  startMs,
  endMs: startMs + 1500,
  attributes: { 'gen_ai.operation.name': 'invoke_agent', 'gen_ai.agent.name': 'scout' },
}
const child = (spanId: string, attributes: Record<string, string>): TestSpan => ({
  ...agent,
  spanId,
  parentSpanId: rootId,
  attributes,
})
const chat = child('00f067aa0ba902b7', { 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': 'a-model' })
const inner = child('00f067aa0ba902b8', { 'gen_ai.operation.name': 'invoke_agent', 'gen_ai.agent.name': 'kai' })
const plain = child('00f067aa0ba902b9', { 'http.request.method': 'GET' })
const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value))
const isInvalid = (error: unknown) => error instanceof ChronicleError && error.code === 'observe.invalid-otlp'

test('OS6: the root agent span of a trace is a task, all other spans are one event each', () => {
  const { events, rejectedSpans } = eventsOfTraces(jsonRequest(service, [inner, chat, plain, agent]), 'json', received)
  assert.equal(rejectedSpans, 0)
  assert.deepEqual(
    events.map(({ eventType, source }) => `${eventType} ${source}`),
    [
      'gen_ai.invoke_agent kai',
      'gen_ai.chat planner',
      'otel.span planner',
      'task.created scout',
      'task.assigned scout',
      'task.started scout',
      'task.completed scout',
    ],
  )
  const row = projectTrace(traceId, addEvents(emptyTraceState, events))
  const { status, taskTitle, owner, assignedAgent, durationMs, spanCount, outOfOrder } = row
  assert.deepEqual(
    { status, taskTitle, owner, assignedAgent, durationMs, spanCount, outOfOrder },
    {
      status: 'completed',
      taskTitle: 'invoke_agent scout',
      owner: 'planner',
      assignedAgent: 'scout',
      durationMs: 1500,
      spanCount: 7,
      outOfOrder: 0,
    },
  )
  assert.deepEqual(events[1]!.metadata.attributes, chat.attributes)
  assert.deepEqual(events[1]!.metadata.resource, service)
})

test('a task whose span has status error has failed, with what the span says', () => {
  const failed = { ...agent, error: 'no answer' }
  const { events } = eventsOfTraces(jsonRequest(service, [failed]), 'json', received)
  const row = projectTrace(traceId, addEvents(emptyTraceState, events))
  assert.deepEqual([row.status, row.error], ['failed', 'no answer'])
})

test('OS6: JSON and protobuf of the same request are the same events, and so are those that are sent again later', () => {
  const id = (length: number) =>
    fc
      .uint8Array({ minLength: length, maxLength: length })
      .map(array => Buffer.from(array.fill(1, 0, 1)).toString('hex'))
  const attributes = fc.dictionary(
    fc.string({ unit: 'grapheme', maxLength: 8 }),
    fc.string({ unit: 'grapheme', maxLength: 200 }),
    { maxKeys: 4 },
  )
  const span = fc.record(
    {
      traceId: id(16),
      spanId: id(8),
      parentSpanId: id(8),
      name: fc.string({ unit: 'grapheme' }),
      startMs: fc.integer({ min: 1, max: startMs }),
      endMs: fc.integer({ min: 1, max: startMs }),
      attributes: fc
        .tuple(attributes, fc.constantFrom({}, agent.attributes, chat.attributes))
        .map(([a, b]) => ({ ...a, ...b })),
      error: fc.string({ unit: 'grapheme' }),
    },
    { requiredKeys: ['traceId', 'spanId', 'name', 'startMs', 'endMs', 'attributes'] },
  )
  fc.assert(
    fc.property(attributes, fc.array(span, { maxLength: 5 }), (resource, spans) => {
      const fromJson = eventsOfTraces(jsonRequest(resource, spans), 'json', received)
      assert.deepEqual(eventsOfTraces(protobufRequest(resource, spans), 'protobuf', received), fromJson)
      assert.deepEqual(eventsOfTraces(jsonRequest(resource, spans), 'json', received + 1_000_000), fromJson)
    }),
    { numRuns: 100 },
  )
})

test('OS6: a span that is not accepted is rejected with the name of its field, the others are taken', () => {
  const request = (change: object) => {
    const parsed = JSON.parse(jsonRequest(service, [chat, agent]).toString())
    Object.assign(parsed.resourceSpans[0].scopeSpans[0].spans[0], change)
    return eventsOfTraces(json(parsed), 'json', received)
  }
  let deep: object = { stringValue: 'x' }
  for (let level = 0; level <= valueDepthMax; level++) deep = { arrayValue: { values: [deep] } }
  const cases: [object, RegExp][] = [
    [{ traceId: '0'.repeat(32) }, /^span 0: invalid-field: traceId/],
    [{ traceId: 'secret' }, /^span 0: invalid-field: traceId/],
    [{ spanId: 7 }, /spanId/],
    [{ startTimeUnixNano: '0' }, /startTimeUnixNano/],
    [{ endTimeUnixNano: -1 }, /endTimeUnixNano/],
    [{ endTimeUnixNano: 1.5 }, /endTimeUnixNano/],
    [{ attributes: [{ key: 'k', value: deep }] }, /attributes/],
    [{ attributes: [{ key: 'k', value: { stringValue: '\u0000' } }] }, /metadata/],
    [{ startTimeUnixNano: '18446744073709551615' }, /^span 0: clock/],
  ]
  for (const [change, message] of cases) {
    const { events, rejectedSpans, errorMessage } = request(change)
    assert.equal(rejectedSpans, 1, message.source)
    assert.match(errorMessage, message)
    assert.doesNotMatch(errorMessage, /secret/)
    assert.equal(events.length, 4)
  }
})

test('attributes of every type are kept as JSON', () => {
  const values = [
    { boolValue: true },
    { intValue: '42' },
    { intValue: '9007199254740993' },
    { doubleValue: 'NaN' },
    { doubleValue: 0.5 },
    { bytesValue: 'aGk=' },
    { arrayValue: { values: [{ stringValue: 'a' }, {}] } },
    { kvlistValue: { values: [{ key: '__proto__', value: { intValue: 1 } }] } },
  ]
  const parsed = JSON.parse(jsonRequest({}, [plain]).toString())
  parsed.resourceSpans[0].scopeSpans[0].spans[0].attributes = values.map((value, at) => ({ key: `k${at}`, value }))
  const { events } = eventsOfTraces(json(parsed), 'json', received)
  const kept = JSON.stringify(Object.values(events[0]!.metadata.attributes as object))
  assert.equal(kept, '[true,42,"9007199254740993","NaN",0.5,"aGk=",["a",null],{"__proto__":1}]')
})

test('what a span says of its status, events, links and scope is kept, with their attributes', () => {
  const parsed = JSON.parse(jsonRequest({}, [{ ...chat, error: 'no answer' }]).toString())
  const [scopeSpans] = parsed.resourceSpans[0].scopeSpans
  const attributes = [
    { key: 'k', value: { kvlistValue: { values: [{ key: 'role', value: { stringValue: 'user' } }] } } },
  ]
  scopeSpans.scope.attributes = attributes
  scopeSpans.spans[0].events = [{ name: 'exception', timeUnixNano: '7', attributes }, { name: 'plain' }]
  scopeSpans.spans[0].links = [{ traceId, spanId: rootId, attributes }]
  const [event] = eventsOfTraces(json(parsed), 'json', received).events
  const { scope, status_message, events, links } = event!.metadata.span as Record<string, unknown>
  const kept = { k: { role: 'user' } }
  assert.deepEqual(
    { scope, status_message, events, links },
    {
      scope: { name: 'library', version: '1.0', attributes: kept },
      status_message: 'no answer',
      events: [
        { name: 'exception', time_unix_nano: '7', attributes: kept },
        { name: 'plain', time_unix_nano: '' },
      ],
      links: [{ trace_id: traceId, span_id: rootId, attributes: kept }],
    },
  )
})

test('what would become a million objects is refused before it does', () => {
  const empty = Buffer.alloc(2 * messagesMax, bytes(9))
  assert.throws(() => eventsOfTraces(bytes(1, bytes(2, bytes(2, empty))), 'protobuf', received), isInvalid)
  for (const item of ['{},', '[],']) {
    const body = Buffer.from(`{"resourceSpans":[${item.repeat(messagesMax)}{}]}`)
    assert.throws(() => eventsOfTraces(body, 'json', received), isInvalid)
  }
  const braces = JSON.stringify({ unknown: '{"[\\'.repeat(messagesMax), resourceSpans: [] })
  assert.equal(eventsOfTraces(Buffer.from(braces), 'json', received).takenSpans, 0)
})

test('names that OTLP does not have are passed over, but no more of them than a parser takes in its stride', () => {
  const names = (count: number): string => Array.from({ length: count }, (_, at) => `"n${at}":0`).join(',')
  const body = (count: number): Buffer => Buffer.from(`{${names(count)},"resourceSpans":[]}`)
  assert.equal(eventsOfTraces(body(foreignNamesMax), 'json', received).takenSpans, 0)
  assert.throws(() => eventsOfTraces(body(foreignNamesMax + 1), 'json', received), isInvalid)
  const spans = Array.from({ length: 5_000 }, () => ({ ...chat, attributes: { a: 'b', c: 'd', e: 'f', g: 'h' } }))
  const { takenSpans } = eventsOfTraces(jsonRequest(service, spans), 'json', received)
  assert.equal(takenSpans, spans.length)
})

test('zeros are no protobuf', () => {
  assert.throws(() => eventsOfTraces(Buffer.alloc(100), 'protobuf', received), isInvalid)
  assert.throws(() => eventsOfTraces(bytes(1, Buffer.alloc(2)), 'protobuf', received), isInvalid)
})

test('a body that cannot be read is refused whole, and never a crash', () => {
  for (const body of ['', '[]', 'null', '{"resourceSpans":{}}', '{"resourceSpans":[{"scopeSpans":7}]}'])
    assert.throws(() => eventsOfTraces(Buffer.from(body), 'json', received), isInvalid, body)
  assert.throws(() => eventsOfTraces(Buffer.from([0xff]), 'json', received), isInvalid)
  assert.deepEqual(eventsOfTraces(Buffer.alloc(0), 'protobuf', received).events, [])
  let nested = bytes(1, 'x')
  for (let level = 0; level < 1000; level++) nested = bytes(5, bytes(1, nested))
  const hostile = bytes(1, bytes(1, bytes(1, bytes(1, 'k'), bytes(2, nested))))
  assert.throws(() => eventsOfTraces(hostile, 'protobuf', received), isInvalid)
  const good = protobufRequest(service, [chat, agent])
  for (let length = 1; length < good.length; length++) {
    assert.throws(() => eventsOfTraces(good.subarray(0, length), 'protobuf', received), isInvalid, `${length}`)
  }
  fc.assert(
    fc.property(fc.nat(good.length - 1), fc.nat(255), fc.uint8Array({ maxLength: 300 }), (at, byte, noise) => {
      const damaged = Buffer.from(good)
      damaged[at] = byte
      for (const body of [damaged, Buffer.from(noise)]) {
        try {
          eventsOfTraces(body, 'protobuf', received)
        } catch (error) {
          if (!isInvalid(error)) throw error
        }
      }
    }),
    { numRuns: 500 },
  )
})

test('answers say how many spans were rejected, in the encoding of the request', () => {
  const whole = { rejectedSpans: 0, errorMessage: '' }
  const partial = { rejectedSpans: 300, errorMessage: 'why' }
  assert.equal(exportAnswer(whole, 'json').toString(), '{}')
  assert.equal(exportAnswer(whole, 'protobuf').length, 0)
  assert.deepEqual(JSON.parse(exportAnswer(partial, 'json').toString()), {
    partialSuccess: { rejectedSpans: '300', errorMessage: 'why' },
  })
  // partial_success { rejected_spans: 300 error_message: "why" }
  assert.equal(exportAnswer(partial, 'protobuf').toString('hex'), '0a0808ac021203776879')
  assert.equal(statusAnswer(3, 'why', 'protobuf').toString('hex'), '08031203776879')
})
