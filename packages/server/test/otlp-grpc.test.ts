import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { after, before, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { ChronicleError, systemClock } from '@chronicle/base'
import { createRegistry, Health, silentLogger } from '@chronicle/telemetry'
import { type ChronicleProcess, startChronicle } from '@chronicle/testing'
import { TraceExports } from '../src/otlp/exports.ts'
import { requestBytesMax } from '../src/otlp/limits.ts'
import { startGrpc, usualPort } from '../src/otlp/start-grpc.ts'
import { Api } from './support/api.ts'
import { answerOf, framed, GrpcClient } from './support/grpc.ts'
import { plainSpan, protobufBody } from './support/otlp.ts'

const bufferEventsMax = 30
const invalidArgument = 3
const unimplemented = 12
const unavailable = 14
/** An empty ExportTraceServiceResponse. */
const taken = '0000000000'

let server: ChronicleProcess
let api: Api
let client: GrpcClient
before(async () => {
  // Nothing gets to the tables, so the buffer fills; what is answered is what the log has.
  const env = { BUFFER_MAX_SIZE: `${bufferEventsMax}`, DATABASE_URL: 'postgres://127.0.0.1:1/none' }
  server = await startChronicle({ env })
  api = new Api(server)
  client = new GrpcClient(server.otlpGrpcPort!)
})
after(async () => {
  client.close()
  await server.stop()
})

/** Events in the log, which are all that nobody has projected. */
async function eventsInLog(): Promise<number> {
  const response = await api.fetch('/api/v1/topics/swarm.events')
  return response.status === 404 ? 0 : ((await response.json()) as { records: number }).records
}

test('OL1: a call is answered once its events are in the log, plain and with gzip, many at once', async () => {
  const answer = await client.call(framed(protobufBody(plainSpan(1))))
  assert.deepEqual([answer.httpStatus, answer.grpcStatus, answer.body.toString('hex')], [200, 0, taken])
  assert.equal(await eventsInLog(), 1)
  const packed = framed(gzipSync(protobufBody(plainSpan(2))), true)
  assert.equal((await client.call(packed, { 'grpc-encoding': 'gzip' })).grpcStatus, 0)
  assert.equal(await eventsInLog(), 2)
  const calls = [3, 4, 5, 6].map(n => client.call(framed(protobufBody(plainSpan(n)))))
  assert.deepEqual(new Set((await Promise.all(calls)).map(({ grpcStatus }) => grpcStatus)), new Set([0]))
  assert.equal(await eventsInLog(), 6)
})

test('a message may come byte by byte', async () => {
  const stream = client.open()
  const answered = answerOf(stream)
  for (const byte of framed(protobufBody(plainSpan(7)))) stream.write(Buffer.from([byte]))
  stream.end()
  assert.equal((await answered).grpcStatus, 0)
})

test('rejected spans are counted in the answer', async () => {
  const answer = await client.call(framed(protobufBody(plainSpan(8), plainSpan(9, { startTimeUnixNano: '0' }))))
  assert.equal(answer.grpcStatus, 0)
  // partial_success, rejected_spans: 1
  assert.match(answer.body.toString('hex'), /^00000000..0a..0801/)
})

test('what cannot be read is an invalid argument, and every other call goes on', async () => {
  const body = protobufBody(plainSpan(10))
  const gzip = { 'grpc-encoding': 'gzip' }
  const cases: [RegExp, Buffer, Record<string, string>?][] = [
    [/the call has no message/, Buffer.alloc(0)],
    [/the call has no message/, Buffer.alloc(3)],
    [/no prefix of gRPC/, Buffer.from([2, 0, 0, 0, 0])],
    [/ends before its message/, framed(body, false, body.length + 1)],
    [/a unary call has one message/, Buffer.concat([framed(body), framed(body)])],
    [/goes past the end/, framed(Buffer.from([0x0a, 0xff, 0]))],
    [/the body is not gzip/, framed(Buffer.from('text'), true), gzip],
    [/no grpc-encoding/, framed(gzipSync(body), true)],
  ]
  const events = await eventsInLog()
  const answers = await Promise.all(cases.map(([, bytes, headers]) => client.call(bytes, headers)))
  for (const [at, { grpcStatus, message, headers }] of answers.entries()) {
    assert.match(message, cases[at]![0])
    assert.equal(grpcStatus, invalidArgument)
    assert.equal(headers['grpc-status-details-bin'], undefined)
  }
  assert.equal(await eventsInLog(), events)
})

test('another method, compression or type is not implemented', async () => {
  const logs = await client.call(framed(Buffer.alloc(0)), {
    ':path': '/opentelemetry.proto.collector.logs.v1.LogsService/Export',
  })
  assert.equal(logs.grpcStatus, unimplemented)
  const snappy = await client.call(framed(Buffer.alloc(0), true), { 'grpc-encoding': 'snappy' })
  assert.deepEqual(
    [snappy.grpcStatus, snappy.headers['grpc-accept-encoding']],
    [unimplemented, 'identity, gzip, deflate'],
  )
  const json = await client.call(Buffer.from('{}'), { 'content-type': 'application/json' })
  assert.equal(json.httpStatus, 415)
})

test('S20: a message that is too large is refused by its length, before it has come, and as it is decompressed', async () => {
  const stream = client.open()
  const answered = answerOf(stream)
  stream.write(framed(Buffer.alloc(0), false, requestBytesMax + 1))
  assert.equal((await answered).grpcStatus, invalidArgument)
  const bomb = framed(gzipSync(Buffer.alloc(requestBytesMax + 1)), true)
  const refused = await client.call(bomb, { 'grpc-encoding': 'gzip' })
  assert.equal(refused.grpcStatus, invalidArgument)
  assert.match(refused.message, /larger than/)
})

test('a client that goes away in the middle of its message takes nothing with it', async () => {
  const other = new GrpcClient(server.otlpGrpcPort!)
  const stream = other.open()
  stream.write(framed(protobufBody(plainSpan(11))).subarray(0, 20))
  await once(stream, 'ready')
  other.close()
  assert.equal((await client.call(framed(protobufBody(plainSpan(12))))).grpcStatus, 0)
  assert.doesNotMatch(server.stderr, /an OTLP request failed/)
})

test('what is not HTTP/2 ends its own connection and no other', async () => {
  for (const bytes of [
    'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n',
    '\u0000'.repeat(1000),
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nnoise noise',
  ]) {
    const socket = connect(server.otlpGrpcPort!, '127.0.0.1', () => socket.write(bytes))
    socket.on('error', () => undefined).resume()
    await once(socket, 'close')
  }
  assert.equal((await client.call(framed(protobufBody(plainSpan(13))))).grpcStatus, 0)
})

test('OL8: what the buffer has no room for is unavailable for a second', async () => {
  const filling = Array.from({ length: bufferEventsMax - (await eventsInLog()) }, (_, at) => plainSpan(100 + at))
  assert.equal((await client.call(framed(protobufBody(...filling)))).grpcStatus, 0)
  const { grpcStatus, headers } = await client.call(framed(protobufBody(plainSpan(200))))
  assert.equal(grpcStatus, unavailable)
  const details = Buffer.from(String(headers['grpc-status-details-bin']), 'base64')
  assert.equal(details.subarray(0, 2).toString('hex'), '080e')
  // RetryInfo { retry_delay { seconds: 1 } }
  assert.ok(details.includes('type.googleapis.com/google.rpc.RetryInfo\x12\x04\x0a\x02\x08\x01'))
  assert.match(await api.text('/metrics'), /otlp_requests_total\{transport="grpc",outcome="busy"\} 1\n/)
})

const exports = (): TraceExports =>
  new TraceExports({
    intake: { take: async () => {} },
    clock: systemClock,
    logger: silentLogger,
    registry: createRegistry(),
  })

/** What the settings say, on one address. */
function listen(otlpGrpcPort: number | 'off' | undefined) {
  const health = new Health()
  const settings = { httpBindAddress: '127.0.0.1', httpConnectionsMax: 10, otlpGrpcPort }
  const started = startGrpc({ settings, clock: systemClock, logger: silentLogger, health, exports: exports() })
  return { started, health }
}

test('S21: the usual port is had where it is free; only one that was asked for has to be', async () => {
  const other = createServer().listen(usualPort, '127.0.0.1')
  // Taken by this one, or by whoever has it already.
  await new Promise(resolve => other.once('listening', resolve).once('error', resolve))
  const unasked = listen(undefined)
  assert.equal(await unasked.started, undefined)
  assert.match(
    unasked.health.report().checks['otlp-grpc']!.reason,
    /another program listens on 4317.*CHRONICLE_OTLP_GRPC_PORT/,
  )
  await assert.rejects(listen(usualPort).started, error => {
    return error instanceof ChronicleError && error.code === 'server.port-in-use'
  })
  assert.equal(await listen('off').started, undefined)
  other.close()
})

test('S2: a call that is under way when the server stops is answered, and the next one finds nobody', async () => {
  const listener = (await listen(0).started)!
  const caller = new GrpcClient(listener.port)
  const stream = caller.open()
  const answered = answerOf(stream)
  const message = framed(protobufBody(plainSpan(1)))
  stream.write(message.subarray(0, 30))
  assert.equal((await caller.call(message)).grpcStatus, 0)
  const stopped = listener.stop()
  await caller.refusesMore
  stream.end(message.subarray(30))
  assert.equal((await answered).grpcStatus, 0)
  await stopped
  const late = new GrpcClient(listener.port)
  assert.ok(Number.isNaN((await late.call(message)).httpStatus))
})
