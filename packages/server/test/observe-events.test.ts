import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { request } from 'node:http'
import { after, before, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { type ChronicleProcess, startChronicle } from '@chronicle/testing'
import { Api, checkProblem, type Json } from './support/api.ts'
import { posted, written } from './support/observe.ts'

const events = '/api/v1/events'
const uuidV7 = /^[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/

let server: ChronicleProcess
let api: Api
before(async () => {
  server = await startChronicle({ hasEmptyTables: true, env: { BATCH_FLUSH_INTERVAL_MS: '100' } })
  api = new Api(server)
})
after(() => server.stop())

type Accepted = { accepted: number; event_ids: (string | null)[]; refused: Json[] }
const accepted = async (body: unknown, headers = {}) => (await api.json(events, posted(body, headers), 202)) as Accepted
const spansOf = async (trace: string) => {
  await written(api)
  return (await api.json(`/api/v1/traces/${encodeURIComponent(trace)}`)).spans as Json[]
}

test('OL1: one event is taken and is there as it was sent', async () => {
  const event = {
    event_id: randomUUID().toUpperCase(),
    trace_id: 'one/ü',
    source: 'dispatch',
    event_type: 'task.created',
    timestamp: '2026-11-20T12:00:00+01:00',
    metadata: { title: 'Ünicode', nested: [1, { a: null }] },
  }
  const now = { ...event, timestamp: new Date().toISOString() }
  const answer = await accepted(now)
  assert.deepEqual(answer, { accepted: 1, event_ids: [event.event_id.toLowerCase()], refused: [] })
  const [span] = await spansOf('one/ü')
  assert.deepEqual(
    [span!.trace_id, span!.source, span!.metadata, span!.timestamp],
    ['one/ü', 'dispatch', event.metadata, now.timestamp.replace('Z', '000Z')],
  )
  assert.deepEqual((await accepted(now)).event_ids, answer.event_ids)
  assert.equal((await spansOf('one/ü')).length, 1, 'sent again it changes nothing')
})

test('events without id and time get a UUID of version 7, and keep the order in which they were sent', async () => {
  const many = Array.from({ length: 50 }, (_, n) => ({ trace_id: 'ordered', event_type: `step.${n}` }))
  const { event_ids } = await accepted(many)
  for (const id of event_ids) assert.match(id!, uuidV7)
  assert.equal(new Set(event_ids).size, 50)
  const spans = await spansOf('ordered')
  assert.deepEqual(
    spans.map(({ event_type }) => event_type),
    many.map(({ event_type }) => event_type),
  )
})

test('bad ones are named by their index and go to the dead letters as they came; the rest is taken', async () => {
  const bad = '{ "event_type" : "x",\n "n": ["],}\\"", {}] }'
  const body = `[{"trace_id":"mixed","event_type":"a"}, ${bad} ,17,{"trace_id":"mixed","event_type":"b"}]`
  const { accepted: taken, event_ids, refused } = await accepted(body)
  assert.deepEqual([taken, event_ids.map(id => id === null)], [2, [false, true, true, false]])
  assert.deepEqual(
    refused.map(({ index, reason }) => [index, reason]),
    [
      [1, 'missing-trace-id'],
      [2, 'not-an-object'],
    ],
  )
  assert.equal((await spansOf('mixed')).length, 2)
  const letters = (await api.json('/api/v1/dead-letters')) as unknown as Json[]
  const letter = letters.find(({ reason }) => reason === 'missing-trace-id')!
  assert.equal(letter.source, 'http')
  assert.equal((await api.json(`/api/v1/dead-letters/${letter.offset}`)).raw, bad)
  await accepted(body)
  const again = (await api.json('/api/v1/dead-letters')) as unknown as Json[]
  assert.equal(again.length, letters.length, 'the same bytes are the same letter')
})

test('where every event is refused the request is, with each of them named', async () => {
  const response = await api.fetch(events, posted([{ event_type: 'x' }, { trace_id: 't' }]))
  const body = (await response.json()) as Json & { refused: Json[] }
  assert.deepEqual([response.status, body.status, body.code], [422, 422, 'observe.events-refused'])
  assert.match(response.headers.get('content-type')!, /^application\/problem\+json/)
  assert.deepEqual(
    body.refused.map(({ index, reason }) => [index, reason]),
    [
      [0, 'missing-trace-id'],
      [1, 'missing-event-type'],
    ],
  )
  assert.deepEqual(await accepted([]), { accepted: 0, event_ids: [], refused: [] })
})

test('one event a line, and gzip', async () => {
  const line = (type: string) => JSON.stringify({ trace_id: 'lines', event_type: type })
  const lines = `${line('a')}\r\n\n  \nno json\n${line('b')}`
  for (const type of ['application/x-ndjson', 'Application/NDJSON; charset=utf-8']) {
    const { accepted: taken, refused } = await accepted(lines, { 'content-type': type })
    assert.deepEqual([taken, refused.map(({ index, reason }) => [index, reason])], [2, [[1, 'not-json']]])
  }
  const packed = gzipSync(line('c'))
  assert.equal((await accepted(packed, { 'content-encoding': 'gzip' })).accepted, 1)
  assert.deepEqual((await spansOf('lines')).map(({ event_type }) => event_type).toSorted(), ['a', 'a', 'b', 'b', 'c'])
})

test('what cannot be read is refused as a whole, and says what is accepted', async () => {
  const cases: [number, string, RegExp, unknown, Record<string, string>?][] = [
    [400, 'server.bad-request', /field: body, accepted: JSON/, '{"trace_id":'],
    [400, 'server.bad-request', /field: body/, ''],
    [400, 'server.bad-request', /field: body/, Buffer.from([0x22, 0xff, 0x22])],
    [400, 'server.bad-request', /accepted: gzip/, 'plain', { 'content-encoding': 'gzip' }],
    [
      415,
      'server.encoding-not-accepted',
      /content-type.*application\/x-ndjson/,
      '{}',
      { 'content-type': 'text/plain' },
    ],
    [415, 'server.encoding-not-accepted', /content-encoding.*"br".*gzip/, '{}', { 'content-encoding': 'br' }],
    [413, 'observe.too-many-events', /accepted: 10000/, `[${'0,'.repeat(10_000)}0]`],
    [413, 'server.body-too-large', /at most 8388608/, ' '.repeat(2 ** 23 + 1)],
    [
      413,
      'server.body-too-large',
      /at most 8388608/,
      gzipSync(Buffer.alloc(2 ** 23 + 1, 0x20)),
      { 'content-encoding': 'gzip' },
    ],
  ]
  for (const [status, code, detail, body, headers] of cases) {
    const problem = await api.problem(status, events, posted(body, headers))
    assert.equal(problem.code, code)
    assert.match(String(problem.detail), detail)
  }
  assert.match(String((await api.problem(400, `${events}?sync=1`, posted('{}'))).detail), /parameter: sync/)
  const deep = await api.fetch(events, posted('['.repeat(100_000) + ']'.repeat(100_000)))
  assert.equal(deep.status, 422)
})

test('S4: neither a page of another site nor a foreign name brings an event in', async () => {
  const event = { trace_id: 'foreign', event_type: 'x' }
  const foreign = await api.problem(403, events, posted(event, { origin: 'http://evil.example' }))
  assert.equal(foreign.code, 'server.origin-not-accepted')
  const status = await new Promise(resolve => {
    const headers = { host: 'evil.example', 'content-type': 'application/json' }
    request({ port: server.httpPort, host: '127.0.0.1', method: 'POST', path: events, headers })
      .on('response', response => resolve(response.resume().statusCode))
      .end(JSON.stringify(event))
  })
  assert.equal(status, 403)
  await written(api)
  await checkProblem(404, await api.fetch('/api/v1/traces/foreign'))
})

test('S10: many large bodies at once are all taken, or told to come again', async () => {
  const body = JSON.stringify({ trace_id: 'large', event_type: 'x', metadata: { text: 'x'.repeat(500_000) } })
  const lines = `${body}\n`.repeat(12)
  const headers = { 'content-type': 'application/x-ndjson' }
  const answers = await Promise.all(Array.from({ length: 6 }, () => api.fetch(events, posted(lines, headers))))
  for (const answer of answers) {
    assert.ok([202, 429].includes(answer.status), await answer.text())
    if (answer.status === 429) assert.equal(answer.headers.get('retry-after'), '1')
  }
  assert.ok(answers.some(({ status }) => status === 202))
  // What came in is large, and an answer ends before it takes more than its bound.
  await written(api)
  const spans = (await api.json('/api/v1/traces/large')).spans as Json[]
  assert.equal(spans.length, 17)
})

test('nothing that came stands in the log of the server', async () => {
  await api.fetch(events, posted({ event_type: 'x', metadata: { secret: 'hunter2' } }))
  await api.fetch(events, posted('{"secret":"hunter2"'))
  assert.doesNotMatch(server.stderr, /hunter2/)
})
