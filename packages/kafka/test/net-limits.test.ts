import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Log, Partition } from '@chronicle/log'
import { type BrokerLimits, fetch, metadata, produce } from '../src/index.ts'
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
import { frameOf } from './support/frames.ts'

/** Lets a test decide on each partition that is asked for. */
function withPartitions(replace: (partition: Partition) => Partition): (log: Log) => Log {
  return log => {
    const wrapped = (partition: Partition | undefined) => partition && replace(partition)
    return overriding(log, { partition: (topic, index) => wrapped(log.partition(topic, index)) })
  }
}

/** Partitions that count the bytes which are read and not released. */
function pinned(state: { bytes: number; most: number }): (log: Log) => Log {
  return log => {
    const counting = (partition: Partition): Partition =>
      overriding(partition, {
        async read(...args) {
          const records = await partition.read(...args)
          state.bytes += records.bytes
          state.most = Math.max(state.most, state.bytes)
          const release = (): void => {
            state.bytes -= records.bytes
            records.release()
          }
          return { ...records, release }
        },
      })
    return overriding(log, {
      topic(name) {
        const topic = log.topic(name)
        return topic && { ...topic, partitions: topic.partitions.map(counting) }
      },
    })
  }
}

test('N3: requests above requestsInFlightMax are not handled before others are answered', async t => {
  const state = { appended: 0 }
  const { promise: durable, resolve } = Promise.withResolvers<void>()
  const wrap = withPartitions(partition =>
    overriding(partition, {
      append(batch) {
        state.appended++
        return { ...partition.append(batch), durable }
      },
    }),
  )
  const { raw, connect } = await startBroker(t, { wrap, limits: { requestsInFlightMax: 5 } })
  await makeTopic(await connect(), 'capped')
  const client = await raw()
  const requests = Array.from({ length: 20 }, (_, id) => frameOf(produce, 9, id, produceRequest('capped', batchOf())))
  client.write(Buffer.concat(requests))
  await eventually(() => state.appended > 0, 'the first append')
  await sleep(50)
  assert.equal(state.appended, 5)
  resolve()
  await eventually(() => client.correlationIds().length === 20, 'all answers')
  assert.equal(state.appended, 20)
})

const byteLimits: [name: string, limits: Partial<BrokerLimits>][] = [
  ['inFlightBytesPerConnectionMax', { inFlightBytesPerConnectionMax: 1_000 }],
  ['inFlightBytesMax', { inFlightBytesMax: 1_000 }],
]
for (const [name, limits] of byteLimits) {
  test(`N3: requests above ${name} wait until others are answered`, async t => {
    const state = { appended: 0 }
    const { promise: durable, resolve } = Promise.withResolvers<void>()
    const wrap = withPartitions(partition =>
      overriding(partition, {
        append(batch) {
          state.appended++
          return { ...partition.append(batch), durable }
        },
      }),
    )
    const { raw, connect } = await startBroker(t, { wrap, limits })
    await makeTopic(await connect(), 'bytes')
    const clients = await Promise.all([raw(), raw()])
    const batch = batchOf({ values: ['x'.repeat(400)] })
    for (const client of clients) {
      // The last one is cut in two, so that what waits includes a frame that has to be gathered.
      for (let id = 0; id < 9; id++) client.write(frameOf(produce, 9, id, produceRequest('bytes', batch)))
      const last = frameOf(produce, 9, 9, produceRequest('bytes', batch))
      client.write(last.subarray(0, 100))
      await sleep(10)
      client.write(last.subarray(100))
    }
    await sleep(50)
    const most = name === 'inFlightBytesMax' ? 3 : 6
    assert.ok(state.appended >= 2 && state.appended <= most, `${state.appended} were appended`)
    resolve()
    for (const client of clients) {
      await eventually(() => client.correlationIds().length === 10, 'all answers')
      assert.deepEqual(client.correlationIds(), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    }
    assert.equal(state.appended, 20)
  })
}

test('N3: large frames that stall keep other large ones waiting, and no small request', async t => {
  const limits = { arrivingBytesMax: 2_000_000 }
  const { raw, connect } = await startBroker(t, { limits })
  const other = await connect()
  await makeTopic(other, 'stalled')
  const large = frameOf(produce, 9, 1, produceRequest('stalled', batchOf({ values: ['x'.repeat(1_000_000)] })))
  const stalling = await Promise.all([raw(), raw(), raw()])
  for (const client of stalling) client.write(large.subarray(0, 1_000))
  await sleep(50)
  await produceTo(other, 'stalled', batchOf({ values: ['small'] }))
  const small = await raw()
  const cut = frameOf(produce, 9, 7, produceRequest('stalled', batchOf({ values: ['cut in two'] })))
  small.write(cut.subarray(0, 50))
  await sleep(20)
  small.write(cut.subarray(50))
  await eventually(() => small.correlationIds().length === 1, 'the answer to a small request in two pieces')
  for (const client of stalling) client.write(large.subarray(1_000))
  for (const client of stalling) await eventually(() => client.correlationIds().length === 1, 'large answers')
})

test('N4: a consumer that does not read pins a bounded number of bytes, is closed, and gives all of them back', async t => {
  const state = { bytes: 0, most: 0 }
  const limits = { responseBytesBufferedMax: 500_000, sendStallMsMax: 300 }
  const { raw, connect, lines, metric } = await startBroker(t, { wrap: pinned(state), limits })
  const producer = await connect()
  await makeTopic(producer, 'slow')
  const batch = batchOf({ values: ['x'.repeat(900_000)] })
  for (let n = 0; n < 8; n++) await produceTo(producer, 'slow', Buffer.from(batch))
  const client = await raw()
  client.socket.pause()
  const wishes = { partitionMaxBytes: 8_000_000, maxBytes: 8_000_000 }
  for (let id = 0; id < 40; id++) client.write(frameOf(fetch, 12, id, fetchRequest('slow', wishes)))
  await eventually(() => lines.length > 0, 'the broker closes the connection')
  assert.equal(lines[0]!.refusal, 'send-stalled')
  await eventually(() => state.bytes === 0, 'everything is released')
  // What is being sent, and the one that was read when that was below the limit.
  assert.ok(state.most > 0 && state.most <= 16_000_000, `${state.most} bytes were pinned`)
  assert.equal(await metric('chronicle_kafka_refused_total', { reason: 'send-stalled' }), 1)
})

test('N4: answers that wait for one before them are counted, and bounded, like those that wait for the socket', async t => {
  const state = { bytes: 0, most: 0 }
  const { promise: durable, resolve } = Promise.withResolvers<void>()
  const late = withPartitions(partition =>
    overriding(partition, { append: batch => ({ ...partition.append(batch), durable }) }),
  )
  const wrap = (log: Log) => pinned(state)(late(log))
  const { raw, connect } = await startBroker(t, { wrap, limits: { responseBytesBufferedMax: 10_000 } })
  const other = await connect()
  await makeTopic(other, 'ready')
  const batch = batchOf({ values: ['x'.repeat(4_000)] })
  other.tell(produce, 9, produceRequest('ready', Buffer.from(batch), { acks: 0 }))
  await fetchFrom(other, 'ready', { maxWaitMs: 10_000 })
  const client = await raw()
  client.write(frameOf(produce, 9, 0, produceRequest('ready', batch)))
  for (let id = 1; id <= 50; id++) client.write(frameOf(fetch, 12, id, fetchRequest('ready', { partitionMaxBytes: 1 })))
  await eventually(() => state.bytes >= 10_000, 'some are ready')
  await sleep(50)
  assert.ok(state.most < 20_000, `${state.most} bytes were pinned`)
  resolve()
  await eventually(() => client.correlationIds().length === 51, 'all answers')
  await eventually(() => state.bytes === 0, 'everything is released')
})

test('N3: above responseBytesBufferedTotalMax a fetch waits until others have been sent', async t => {
  const limits = { responseBytesBufferedTotalMax: 1_000_000 }
  const { raw, connect, lines } = await startBroker(t, { limits })
  const producer = await connect()
  await makeTopic(producer, 'total')
  const batch = batchOf({ values: ['x'.repeat(900_000)] })
  for (let n = 0; n < 12; n++) await produceTo(producer, 'total', Buffer.from(batch))
  const slow = await raw()
  slow.socket.pause()
  const wishes = { partitionMaxBytes: 20_000_000, maxBytes: 20_000_000 }
  for (let id = 0; id < 3; id++) slow.write(frameOf(fetch, 12, id, fetchRequest('total', wishes)))
  await sleep(100)
  const other = await raw()
  other.write(frameOf(fetch, 12, 1, fetchRequest('total', { partitionMaxBytes: 10 })))
  await sleep(100)
  assert.deepEqual(other.correlationIds(), [])
  slow.socket.resume()
  await eventually(() => other.correlationIds().length === 1, 'the other fetch')
  await eventually(() => slow.correlationIds().length === 3, 'the slow ones')
  assert.deepEqual(lines, [])
})

const partials: [name: string, bytes: Buffer][] = [
  ['half a length', Buffer.of(0, 0)],
  ['a header and no more', Buffer.from('00100000', 'hex')],
  ['half a request', frameOf(metadata, 12, 1, { topics: [] }).subarray(0, 12)],
]
for (const [name, bytes] of partials) {
  test(`N5: ${name} that is never completed closes the connection, however slowly bytes come`, async t => {
    const { raw, lines } = await startBroker(t, { limits: { partialFrameMsMax: 150 } })
    const client = await raw()
    client.write(frameOf(metadata, 12, 1, { topics: [] }), bytes)
    const dripping = setInterval(() => client.write(Buffer.of(0)), 60)
    // Half a length may be completed by the drops, to a frame of no bytes: that too is refused.
    await client.closed
    clearInterval(dripping)
    assert.equal(lines.length, 1)
    assert.ok(['partial-frame', 'malformed'].includes(String(lines[0]!.refusal)))
    assert.deepEqual(client.correlationIds(), [1])
  })
}

test('N5: a peer that sends on and takes nothing is closed, and so is one that also begins a frame', async t => {
  const limits = { sendStallMsMax: 200, partialFrameMsMax: 200, responseBytesBufferedMax: 1_000_000_000 }
  const { raw, connect, lines } = await startBroker(t, { limits })
  const producer = await connect()
  await makeTopic(producer, 'stalled')
  const batch = batchOf({ values: ['x'.repeat(900_000)] })
  for (let n = 0; n < 8; n++) await produceTo(producer, 'stalled', Buffer.from(batch))
  const client = await raw()
  client.socket.pause()
  const wishes = { partitionMaxBytes: 8_000_000, maxBytes: 8_000_000 }
  for (let id = 0; id < 4; id++) client.write(frameOf(fetch, 12, id, fetchRequest('stalled', wishes)))
  const dripping = setInterval(() => client.write(frameOf(metadata, 12, 9, { topics: [] })), 20)
  t.after(() => clearInterval(dripping))
  await eventually(() => lines.length === 1, 'the broker closes the connection')
  assert.equal(lines[0]!.refusal, 'send-stalled')
})

test('N5: an idle connection is closed, one whose fetch waits is not', async t => {
  const { raw, connect, metric } = await startBroker(t, { limits: { idleConnectionMsMax: 100 } })
  const admin = await connect()
  await makeTopic(admin, 'idle')
  const waiting = await raw()
  waiting.write(frameOf(fetch, 12, 1, fetchRequest('idle', { maxWaitMs: 600 })))
  const idle = await raw()
  await idle.closed
  assert.deepEqual(waiting.correlationIds(), [])
  await eventually(() => waiting.correlationIds().length === 1, 'the waiting fetch')
  await waiting.closed
  assert.ok((await metric('chronicle_kafka_refused_total', { reason: 'idle' })) >= 2)
})

test('N6: connections above the limit are closed at once, and there is room again when others go', async t => {
  const { port, metric, connect, health } = await startBroker(t, { limits: { connectionsMax: 10 } })
  assert.equal(health.report().checks.kafka!.status, 'pass')
  const storm = await Promise.all(Array.from({ length: 40 }, () => RawConnection.open(port)))
  const closed = new Set<RawConnection>()
  for (const each of storm) void each.closed.then(() => closed.add(each))
  await eventually(() => closed.size === 30, 'thirty are closed')
  assert.equal(await metric('chronicle_kafka_connections'), 10)
  assert.equal(health.report().checks.kafka!.status, 'warn')
  assert.equal(await metric('chronicle_kafka_refused_total', { reason: 'connections' }), 30)
  for (const each of storm) each.socket.destroy()
  await eventually(async () => (await metric('chronicle_kafka_connections')) === 0, 'all are gone')
  const client = await connect()
  assert.equal((await client.send(metadata, 12, { topics: [] })).brokers.length, 1)
})

test('N6: one address does not get more than its share', async t => {
  const { port, metric } = await startBroker(t, { limits: { connectionsPerAddressMax: 2 } })
  const storm = await Promise.all(Array.from({ length: 5 }, () => RawConnection.open(port)))
  await eventually(async () => (await metric('chronicle_kafka_refused_total')) === 3, 'three are closed')
  assert.equal(await metric('chronicle_kafka_refused_total', { reason: 'connections-per-address' }), 3)
  for (const each of storm) each.socket.destroy()
})

test('N4: a fetch that waits is dropped when its connection goes', async t => {
  const state = { listeners: 0 }
  const wrap = (log: Log) =>
    overriding(log, {
      topic(name) {
        const topic = log.topic(name)
        const counted = (partition: Partition) =>
          overriding(partition, {
            subscribe(listener) {
              state.listeners++
              const stop = partition.subscribe(listener)
              return () => {
                state.listeners--
                stop()
              }
            },
          })
        return topic && { ...topic, partitions: topic.partitions.map(counted) }
      },
    })
  const { raw, connect } = await startBroker(t, { wrap })
  await makeTopic(await connect(), 'gone')
  const client = await raw()
  client.write(frameOf(fetch, 12, 1, fetchRequest('gone', { maxWaitMs: 60_000 })))
  await eventually(() => state.listeners === 1, 'the fetch waits')
  client.socket.destroy()
  await eventually(() => state.listeners === 0, 'the fetch is dropped')
})

test('a request larger than the landing buffer is taken, one larger than frameBytesMax is not', async t => {
  const { connect, raw, lines } = await startBroker(t, { limits: { frameBytesMax: 3_000_000 } })
  const client = await connect()
  await makeTopic(client, 'large', 1, { 'max.message.bytes': '5000000' })
  const large = batchOf({ values: ['y'.repeat(2_500_000)] })
  assert.equal((await produceTo(client, 'large', large)).errorCode, 0)
  const fetched = await fetchFrom(client, 'large', { partitionMaxBytes: 10 })
  assert.equal(fetched.records!.length, large.length)
  const refused = await raw()
  refused.write(frameOf(produce, 9, 1, produceRequest('large', batchOf({ values: ['z'.repeat(3_000_000)] }))))
  await refused.closed
  assert.equal(lines[0]!.refusal, 'frame-length')
})
