import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { deflateSync, gzipSync } from 'node:zlib'
import { type ChronicleProcess, startChronicle } from '@chronicle/testing'
import { requestBytesMax } from '../src/otlp/limits.ts'
import { Api } from './support/api.ts'
import { jsonBody, plainSpan, protobufBody, taskSpan } from './support/otlp.ts'

const bufferEventsMax = 30
const protobuf = 'application/x-protobuf'
const json = 'application/json'

let server: ChronicleProcess
let api: Api
before(async () => {
  // Nothing gets to the tables, so the buffer fills; what is answered is what the log has.
  const env = { BUFFER_MAX_SIZE: `${bufferEventsMax}`, DATABASE_URL: 'postgres://127.0.0.1:1/none' }
  server = await startChronicle({ env })
  api = new Api(server)
})
after(() => server.stop())

type Answer = { status: number; type: string | null; body: Buffer; headers: Headers }

async function post(body: Buffer | string, headers: Record<string, string>): Promise<Answer> {
  const response = await api.fetch('/v1/traces', { method: 'POST', headers, body: body as string })
  const { status } = response
  const type = response.headers.get('content-type')
  return { status, type, body: Buffer.from(await response.arrayBuffer()), headers: response.headers }
}

/** Events in the log, which are all that nobody has projected. */
async function eventsInLog(): Promise<number> {
  const response = await api.fetch('/api/v1/topics/swarm.events')
  return response.status === 404 ? 0 : ((await response.json()) as { records: number }).records
}

async function counted(name: string, labels: string): Promise<number> {
  const line = (await api.text('/metrics')).split('\n').find(each => each.startsWith(`${name}{${labels}}`))
  return Number(line?.split(' ').at(-1) ?? 0)
}

test('OL1: a request is answered in its own encoding, once its events are in the log', async () => {
  const events = await eventsInLog()
  const inJson = await post(jsonBody(taskSpan(1)), { 'content-type': 'application/json; charset=utf-8' })
  assert.deepEqual([inJson.status, inJson.type, inJson.body.toString()], [200, json, '{}'])
  assert.equal(await eventsInLog(), events + 4)
  const inProtobuf = await post(protobufBody(plainSpan(2)), { 'content-type': protobuf })
  assert.deepEqual([inProtobuf.status, inProtobuf.type, inProtobuf.body.length], [200, protobuf, 0])
  assert.equal(await eventsInLog(), events + 5)
  const empty = await post('', { 'content-type': protobuf })
  assert.equal(empty.status, 200)
})

test('gzip and deflate are read, other ways of compressing are refused with what is', async () => {
  for (const [encoding, pack] of Object.entries({ gzip: gzipSync, deflate: deflateSync })) {
    const answer = await post(pack(protobufBody(plainSpan(3))), {
      'content-type': protobuf,
      'content-encoding': encoding,
    })
    assert.equal(answer.status, 200)
  }
  const brotli = await post('x', { 'content-type': json, 'content-encoding': 'br' })
  assert.deepEqual([brotli.status, brotli.headers.get('accept-encoding')], [415, 'gzip, deflate'])
  const broken = await post('no gzip', { 'content-type': json, 'content-encoding': 'gzip' })
  assert.deepEqual([broken.status, JSON.parse(broken.body.toString()).code], [400, 3])
  const text = await api.problem(415, '/v1/traces', { method: 'POST', body: 'text' })
  assert.match(String(text.detail), /application\/x-protobuf/)
})

test('rejected spans are counted in the answer, the others are taken', async () => {
  const before = await counted('chronicle_observe_otlp_spans_total', 'outcome="rejected"')
  const spans = [plainSpan(4), plainSpan(5, { traceId: 'secret' }), plainSpan(6, { startTimeUnixNano: '0' })]
  const inJson = await post(jsonBody(...spans), { 'content-type': json })
  const { partialSuccess } = JSON.parse(inJson.body.toString())
  assert.deepEqual([inJson.status, partialSuccess.rejectedSpans], [200, '2'])
  assert.match(partialSuccess.errorMessage, /^span 1: invalid-field: traceId/)
  const inProtobuf = await post(protobufBody(plainSpan(7, { startTimeUnixNano: '0' })), { 'content-type': protobuf })
  assert.equal(inProtobuf.status, 200)
  // partial_success, rejected_spans: 1
  assert.match(inProtobuf.body.toString('hex'), /^0a..0801/)
  assert.equal(await counted('chronicle_observe_otlp_spans_total', 'outcome="rejected"'), before + 3)
  assert.doesNotMatch(inJson.body.toString() + server.stderr, /secret/)
})

test('what cannot be read is a 400 in the encoding of the request, and nothing of it is taken', async () => {
  const events = await eventsInLog()
  const inJson = await post('{"resourceSpans":[{"scopeSpans":7}]}', { 'content-type': json })
  assert.deepEqual([inJson.status, inJson.type], [400, json])
  assert.match(JSON.parse(inJson.body.toString()).message, /scopeSpans/)
  const inProtobuf = await post(Buffer.from([0x0a, 0xff]), { 'content-type': protobuf })
  assert.deepEqual([inProtobuf.status, inProtobuf.type], [400, protobuf])
  // google.rpc.Status, code: 3
  assert.match(inProtobuf.body.toString('hex'), /^080312/)
  assert.equal(await eventsInLog(), events)
})

test('S20: a body that is too large is refused by its length, as it comes, or as it is decompressed', async () => {
  const head = ['POST /v1/traces HTTP/1.1', 'Host: localhost', `Content-Type: ${json}`]
  for (const more of [['Expect: 100-continue'], []]) {
    const announced = [...head, `Content-Length: ${requestBytesMax + 1}`, ...more, '', ''].join('\r\n')
    const said = await api.exchange(announced)
    assert.match(said, /^HTTP\/1.1 413 /)
    // S9: nothing that still comes is read as another request.
    assert.match(said, /\r\nconnection: close\r\n/i)
  }
  const piece = `10000\r\n${' '.repeat(0x10000)}\r\n`
  const pieces = piece.repeat(requestBytesMax / 0x10000 + 1)
  const chunked = [...head, 'Transfer-Encoding: chunked', '', pieces].join('\r\n')
  assert.match(await api.exchange(chunked), /^HTTP\/1.1 413 /)
  const bomb = gzipSync(Buffer.alloc(requestBytesMax + 1, ' '))
  assert.ok(bomb.length < 32_768)
  const refused = await post(bomb, { 'content-type': json, 'content-encoding': 'gzip' })
  assert.deepEqual([refused.status, refused.type], [413, json])
  const largest = gzipSync(Buffer.concat([Buffer.from('{}'), Buffer.alloc(requestBytesMax - 2, ' ')]))
  assert.equal((await post(largest, { 'content-type': json, 'content-encoding': 'gzip' })).status, 200)
})

test('many requests that claim the most share the memory: all are answered', async () => {
  const largest = gzipSync(Buffer.concat([Buffer.from('{}'), Buffer.alloc(requestBytesMax - 2, ' ')]))
  const headers = { 'content-type': json, 'content-encoding': 'gzip' }
  const answers = await Promise.all(Array.from({ length: 4 }, () => post(largest, headers)))
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]))
})

test('pages of other sites are refused, and no browser is told that it may', async () => {
  const headers = { 'content-type': json, origin: 'http://elsewhere.example' }
  const refused = await post(jsonBody(plainSpan(8)), headers)
  assert.equal(refused.status, 403)
  const preflight = await api.fetch('/v1/traces', {
    method: 'OPTIONS',
    headers: { origin: headers.origin, 'access-control-request-method': 'POST' },
  })
  assert.deepEqual([preflight.status, preflight.headers.get('access-control-allow-origin')], [404, null])
})

test('the OpenAPI document says what is taken and what is answered', async () => {
  const document = await api.json('/api/v1/openapi.json')
  const { post: operation } = (document.paths as Record<string, { post: Operation }>)['/v1/traces']!
  assert.deepEqual(Object.keys(operation.requestBody.content), [protobuf, json])
  assert.deepEqual(Object.keys(operation.responses), ['200', '400', '408', '413', '415', '503'])
})

type Operation = { readonly requestBody: { readonly content: object }; readonly responses: object }

test('OL8: what the buffer has no room for is to be sent again, what it never has room for is not', async () => {
  const tooMany = Array.from({ length: bufferEventsMax + 1 }, (_, at) => plainSpan(100 + at))
  assert.equal((await post(jsonBody(...tooMany), { 'content-type': json })).status, 413)
  const filling = Array.from({ length: bufferEventsMax - (await eventsInLog()) }, (_, at) => plainSpan(200 + at))
  assert.equal((await post(jsonBody(...filling), { 'content-type': json })).status, 200)
  for (const type of [json, protobuf]) {
    const body = type === json ? jsonBody(plainSpan(300)) : protobufBody(plainSpan(300))
    const busy = await post(body, { 'content-type': type })
    assert.deepEqual([busy.status, busy.type, busy.headers.get('retry-after')], [503, type, '1'])
  }
  assert.equal(await eventsInLog(), bufferEventsMax)
  assert.equal(await counted('chronicle_observe_otlp_requests_total', 'transport="http",outcome="busy"'), 2)
})
