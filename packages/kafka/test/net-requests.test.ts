import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { test } from 'node:test'
import { seededRandom, systemClock } from '@chronicle/base'
import { type Log, logErrors, type Partition } from '@chronicle/log'
import { createRegistry, Health, silentLogger } from '@chronicle/telemetry'
import {
  apiVersions,
  Broker,
  decodeResponse,
  defaultBrokerLimits,
  defaultGroupSettings,
  ErrorCode,
  fetch,
  kafkaErrors,
  metadata,
  produce,
} from '../src/index.ts'
import type { Peer } from '../src/net/connection.ts'
import { RefusalLog } from '../src/net/refusal-log.ts'
import { detachHandle, type OpenConnection, readByEvents, readByLanding } from '../src/net/socket.ts'
import { batchOf } from './support/batches.ts'
import {
  eventually,
  fetchFrom,
  fetchRequest,
  makeTopic,
  overriding,
  produceRequest,
  produceTo,
  RawConnection,
  sleep,
  startBroker,
} from './support/broker.ts'
import { frameOf, headerOf } from './support/frames.ts'
import { connectionShared } from './support/shared.ts'

test('N2: responses leave in the order of their requests, though later ones are ready sooner', async t => {
  const { raw, connect } = await startBroker(t)
  const other = await connect()
  await makeTopic(other, 'orders')
  const client = await raw()
  client.write(
    frameOf(fetch, 12, 1, fetchRequest('orders', { maxWaitMs: 20_000 })),
    frameOf(metadata, 12, 2, { topics: null }),
    frameOf(produce, 9, 3, produceRequest('nothing-here', batchOf())),
    frameOf(apiVersions, 3, 4, { clientSoftwareName: 'test', clientSoftwareVersion: '1' }),
  )
  await sleep(50)
  assert.deepEqual(client.correlationIds(), [])
  await produceTo(other, 'orders')
  await eventually(() => client.correlationIds().length === 4, 'four answers')
  assert.deepEqual(client.correlationIds(), [1, 2, 3, 4])
})

test('N2: a hundred requests in one write are answered in order, with acks=0 in between', async t => {
  const { raw, connect } = await startBroker(t)
  await makeTopic(await connect(), 'many')
  const client = await raw()
  const requests = Array.from({ length: 100 }, (_, id) =>
    id % 10 === 5
      ? frameOf(produce, 9, id, produceRequest('many', batchOf(), { acks: 0 }))
      : frameOf(produce, 9, id, produceRequest('many', batchOf())),
  )
  client.write(Buffer.concat(requests))
  await eventually(() => client.correlationIds().length === 90, 'ninety answers')
  assert.deepEqual(
    client.correlationIds(),
    Array.from({ length: 100 }, (_, id) => id).filter(id => id % 10 !== 5),
  )
  assert.equal((await fetchFrom(await connect(), 'many')).highWatermark, 100)
})

const refusals: { name: string; bytes: Buffer; refusal: string; says: Record<string, unknown> }[] = [
  { name: 'a negative length', bytes: Buffer.from('ffffffff', 'hex'), refusal: 'frame-length', says: { length: -1 } },
  { name: 'HTTP', bytes: Buffer.from('GET / HTTP/1.1\r\n\r\n'), refusal: 'frame-length', says: { length: 1195725856 } },
  { name: 'an empty frame', bytes: Buffer.alloc(4), refusal: 'malformed', says: {} },
  { name: 'an unknown API', bytes: headerOf(9999, 0, 1), refusal: 'unknown-api', says: { apiKey: 9999 } },
  { name: 'a negative API key', bytes: headerOf(-1, 0, 1), refusal: 'unknown-api', says: { apiKey: -1 } },
  {
    name: 'a version of the future',
    bytes: headerOf(metadata.key, 99, 1),
    refusal: 'unsupported-version',
    says: { api: 'Metadata', version: 99 },
  },
  {
    name: 'Produce v2, though it is advertised (N8)',
    bytes: headerOf(produce.key, 2, 1),
    refusal: 'unsupported-version',
    says: { api: 'Produce', version: 2, accepted: '3 to 13' },
  },
  {
    name: 'a body that ends early',
    bytes: headerOf(metadata.key, 1, 1, Buffer.from('ffff0000', 'hex')),
    refusal: 'malformed',
    says: { api: 'Metadata', version: 1, field: 'topics' },
  },
]

for (const { name, bytes, refusal, says } of refusals) {
  test(`${name} closes the connection with one clear line`, async t => {
    const { raw, lines, metric, connect } = await startBroker(t)
    const client = await raw()
    client.write(bytes)
    await client.closed
    assert.equal(client.received.length, 0)
    assert.equal(lines.length, 1)
    assert.partialDeepStrictEqual(lines[0], { refusal, ...says })
    assert.match(String(lines[0]!.peer), /^127\.0\.0\.1:\d+$/)
    assert.equal(await metric('chronicle_kafka_refused_total', { reason: refusal }), 1)
    await (await connect()).send(apiVersions, 0, {})
  })
}

test('N8: ApiVersions in an unknown version is answered in v0 with error 35 and the list', async t => {
  const { raw } = await startBroker(t)
  const client = await raw()
  client.write(headerOf(apiVersions.key, 77, 5), frameOf(apiVersions, 0, 6, {}))
  await eventually(() => client.correlationIds().length === 2, 'both answers')
  const first = client.received.subarray(4, 4 + client.received.readInt32BE(0))
  const { correlationId, value } = decodeResponse(apiVersions, 0, first)
  assert.equal(correlationId, 5)
  assert.equal(value.errorCode, ErrorCode.UNSUPPORTED_VERSION)
  assert.deepEqual(
    value.apiKeys.find(({ apiKey }) => apiKey === produce.key),
    { apiKey: 0, minVersion: 0, maxVersion: 13 },
  )
})

test('random bytes close their connection and nothing else', async t => {
  const { port, connect } = await startBroker(t)
  const random = seededRandom(4711)
  const steady = await connect()
  const peers = await Promise.all(Array.from({ length: 40 }, () => RawConnection.open(port)))
  for (const [n, peer] of peers.entries()) {
    const noise = Buffer.from(random.bytes(1 + random.int(2_000)))
    // Half of them with a length that is right, so that the header is looked at.
    if (n % 2 === 0 && noise.length >= 6) {
      noise.writeInt32BE(noise.length - 4)
      noise.writeInt16BE(random.int(80), 4)
    }
    peer.socket.end(noise)
  }
  await Promise.all(peers.map(({ closed }) => closed))
  assert.equal((await steady.send(metadata, 12, { topics: [] })).brokers.length, 1)
})

test('N10: lines about refusals are bounded in time, and say how many were left out', () => {
  let now = 0
  const lines: object[] = []
  const logger = { ...silentLogger, warn: (fields: object | string) => void lines.push(Object(fields)) }
  const refusals = new RefusalLog(logger, { ...systemClock, monotonic: () => now })
  for (let n = 0; n < 1_000; n++) refusals.say({ n }, 'refused')
  assert.equal(lines.length, 100)
  now = 10_000
  refusals.say({ n: 1_000 }, 'refused')
  assert.deepEqual(lines.slice(100), [{ leftOut: 900 }, { n: 1_000 }])
})

test('a handler that fails is answered with UNKNOWN_SERVER_ERROR, or by closing where no answer can say it', async t => {
  const wrap = (log: Log) =>
    overriding(log, {
      topics: () => {
        throw new Error('boom')
      },
    })
  const { connect, lines, metric } = await startBroker(t, { wrap })
  const client = await connect()
  assert.equal((await client.send(metadata, 13, { topics: null })).errorCode, ErrorCode.UNKNOWN_SERVER_ERROR)
  await assert.rejects(client.send(metadata, 12, { topics: null }), { code: 'kafka.connection-lost' })
  assert.ok(lines.some(({ message, api }) => message === 'request failed' && api === 'Metadata'))
  assert.equal(await metric('chronicle_kafka_refused_total', { reason: 'handler-failed' }), 1)
})

test('N3: while the log is not ready produce requests wait unparsed, and what is behind them on the connection', async t => {
  const { promise: ready, resolve: becomeReady } = Promise.withResolvers<void>()
  const state = { ready: false, appended: 0 }
  const wrap = (log: Log) =>
    new Proxy(log, {
      get(target, name) {
        if (name === 'ready') return state.ready
        if (name === 'whenReady') return () => ready
        const member = Reflect.get(target, name, target)
        if (name !== 'partition') return typeof member === 'function' ? member.bind(target) : member
        return (topic: string, index: number) => counting(target.partition(topic, index), state)
      },
    })
  const { raw, connect } = await startBroker(t, { wrap })
  const other = await connect()
  await makeTopic(other, 'held')
  const client = await raw()
  for (let id = 1; id <= 3; id++) client.write(frameOf(produce, 9, id, produceRequest('held', batchOf())))
  client.write(frameOf(metadata, 12, 4, { topics: [] }))
  await sleep(50)
  assert.equal(state.appended, 0)
  assert.deepEqual(client.correlationIds(), [])
  assert.equal((await other.send(metadata, 12, { topics: [] })).brokers.length, 1)
  state.ready = true
  becomeReady()
  await eventually(() => client.correlationIds().length === 4, 'all answers')
  assert.deepEqual(client.correlationIds(), [1, 2, 3, 4])
  assert.equal(state.appended, 3)
})

test('a log that has failed does not become ready: producers are told so instead of waiting', async t => {
  const failed = logErrors.create('log.storage', { reason: 'test' })
  const wrap = (log: Log) =>
    overriding(log, {
      ready: false,
      whenReady: () => Promise.reject(failed),
      partition: (topic, index) => {
        const partition = log.partition(topic, index)
        return partition && overriding(partition, { append: () => raise(failed) })
      },
    })
  const { connect } = await startBroker(t, { wrap })
  const client = await connect()
  await makeTopic(client, 'failed')
  const answer = await produceTo(client, 'failed')
  assert.equal(answer.errorCode, ErrorCode.KAFKA_STORAGE_ERROR)
  assert.match(answer.errorMessage!, /write-ahead log refuses/)
})

test('stopping answers those who wait and closes every connection', async t => {
  const { broker, connect, health } = await startBroker(t)
  const client = await connect()
  await makeTopic(client, 'waiting')
  const waiting = fetchFrom(client, 'waiting', { maxWaitMs: 60_000 })
  await sleep(30)
  await broker.stop()
  assert.equal(health.report().checks.kafka!.status, 'fail')
  assert.equal((await waiting).errorCode, 0)
  await assert.rejects(client.send(metadata, 12, { topics: [] }), { code: 'kafka.connection-lost' })
})

test('an address that is taken is refused by name', async t => {
  const { port, log } = await startBroker(t)
  const second = Broker.start({
    log,
    clock: systemClock,
    random: seededRandom(1),
    logger: silentLogger,
    registry: createRegistry(),
    health: new Health(),
    nodeId: 1,
    listener: { bindAddress: '127.0.0.1', port, advertisedAddress: '127.0.0.1' },
    limits: defaultBrokerLimits,
    autoCreateTopics: true,
    defaultPartitions: 1,
    groups: defaultGroupSettings,
  })
  await assert.rejects(second, error => kafkaErrors.is(error) && error.code === 'kafka.cannot-listen')
})

test('the handle that accepted sockets are read through is there, and without it they are read by events', async t => {
  for (const way of ['landing', 'events'] as const) {
    await t.test(way, async () => {
      const shared = connectionShared()
      const opened: OpenConnection[] = []
      const server = createServer({ pauseOnConnect: true }, (accepted: Socket) => {
        const peer: Peer = { id: 1, host: '127.0.0.1', port: 1 }
        const handle = way === 'landing' ? detachHandle(accepted) : undefined
        // A Node that hides the handle fails here: connections are then read by events, at half the speed.
        assert.ok(way === 'events' || handle !== undefined, 'net.Socket has no _handle any more')
        const open = handle ? readByLanding(shared, handle, peer) : readByEvents(shared, accepted, peer)
        opened.push(open)
        open.socket.on('close', () => open.connection.socketClosed())
        open.socket.resume()
      })
      server.listen(0, '127.0.0.1')
      await once(server, 'listening')
      const client = await RawConnection.open((server.address() as { port: number }).port)
      const all = Buffer.concat(Array.from({ length: 50 }, (_, id) => frameOf(apiVersions, 0, id, {})))
      for (let at = 0; at < all.length; at += 7) client.write(all.subarray(at, at + 7))
      await eventually(() => client.correlationIds().length === 50, 'fifty answers')
      client.socket.destroy()
      for (const { socket } of opened) socket.destroy()
      server.close()
    })
  }
})

function counting(partition: Partition | undefined, state: { appended: number }): Partition | undefined {
  return (
    partition &&
    overriding(partition, {
      append: batch => {
        state.appended++
        return partition.append(batch)
      },
    })
  )
}

function raise(error: Error): never {
  throw error
}
