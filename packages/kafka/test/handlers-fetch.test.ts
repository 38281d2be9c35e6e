import assert from 'node:assert/strict'
import { test } from 'node:test'
import { errorName, fetch, listOffsets, offsetForLeaderEpoch } from '../src/index.ts'
import { batchOf } from './support/batches.ts'
import { fetchFrom, fetchRequest, makeTopic, partitionOf, produceTo, sleep, startBroker } from './support/broker.ts'

test('records come back in every version, by name and from v13 on by id', async t => {
  const { connect } = await startBroker(t)
  const client = await connect()
  const { topicId } = await makeTopic(client, 'all')
  await produceTo(client, 'all', batchOf({ values: ['a', 'b', 'c'] }))
  for (let version = 4; version <= 18; version++) {
    const partitions = [{ partition: 0, fetchOffset: 1, partitionMaxBytes: 1000 }]
    const topics = [version < 13 ? { topic: 'all', partitions } : { topicId, partitions }]
    const response = await client.send(fetch, version, { maxWaitMs: 0, minBytes: 1, topics })
    const partition = partitionOf(response)
    assert.equal(partition.errorCode, 0)
    assert.equal(partition.highWatermark, 3)
    assert.equal(partition.lastStableOffset, 3)
    assert.equal(partition.abortedTransactions, null)
    // An offset inside of a batch brings the whole batch.
    assert.equal((partition.records as Buffer).readBigInt64BE(0), 0n)
    assert.equal(response.responses[0]!.topicId === topicId, version >= 13)
  }
})

test('what cannot be fetched is said for each partition', async t => {
  const { connect } = await startBroker(t)
  const client = await connect()
  await makeTopic(client, 'small')
  await produceTo(client, 'small')
  const ask = async (topic: string, more: object, version = 12): Promise<string> => {
    const partitions = [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1000, ...more }]
    const topics = version < 13 ? [{ topic, partitions }] : [{ topicId: topic, partitions }]
    const response = await client.send(fetch, version, { maxWaitMs: 30_000, minBytes: 1, topics })
    return errorName(partitionOf(response).errorCode)
  }
  assert.equal(await ask('small', {}), 'NONE')
  assert.equal(await ask('small', { fetchOffset: 2 }), 'OFFSET_OUT_OF_RANGE')
  assert.equal(await ask('small', { fetchOffset: -1 }), 'OFFSET_OUT_OF_RANGE')
  assert.equal(await ask('missing', {}), 'UNKNOWN_TOPIC_OR_PARTITION')
  assert.equal(await ask('small', { partition: 7 }), 'UNKNOWN_TOPIC_OR_PARTITION')
  assert.equal(await ask('4LjI3y2aTXyVWrJcRm4-LQ', {}, 13), 'UNKNOWN_TOPIC_ID')
  assert.equal(await ask('small', { currentLeaderEpoch: 0 }), 'NONE')
  assert.equal(await ask('small', { currentLeaderEpoch: 5 }), 'UNKNOWN_LEADER_EPOCH')
  assert.equal(await ask('small', { currentLeaderEpoch: -2 }), 'FENCED_LEADER_EPOCH')
})

test('a reader whose last epoch is not known here is told where its log parts from this one', async t => {
  const { connect } = await startBroker(t)
  const client = await connect()
  await makeTopic(client, 'diverged')
  await produceTo(client, 'diverged')
  const partitions = [{ partition: 0, fetchOffset: 1, partitionMaxBytes: 1000, lastFetchedEpoch: 3 }]
  const topics = [{ topic: 'diverged', partitions }]
  const response = await client.send(fetch, 12, { maxWaitMs: 30_000, minBytes: 1, topics })
  assert.deepEqual(partitionOf(response).divergingEpoch, { epoch: -1, endOffset: -1 })
})

test('a fetch waits for records, and for as many bytes as it asks for', async t => {
  const { connect } = await startBroker(t)
  const reader = await connect()
  const writer = await connect()
  await makeTopic(writer, 'waits')
  let waiting = fetchFrom(reader, 'waits', { maxWaitMs: 30_000 })
  await sleep(20)
  await produceTo(writer, 'waits')
  assert.equal((await waiting).highWatermark, 1)

  const bytesOfOne = batchOf().length
  waiting = fetchFrom(reader, 'waits', { offset: 1, maxWaitMs: 30_000, minBytes: bytesOfOne * 2 + 1 })
  let done = false
  void waiting.then(() => {
    done = true
  })
  for (let n = 0; n < 2; n++) {
    await produceTo(writer, 'waits')
    await sleep(20)
    assert.equal(done, false)
  }
  await produceTo(writer, 'waits')
  assert.equal((await waiting).records!.length, bytesOfOne * 3)
})

test('a fetch that finds too little answers with it when its time is up', async t => {
  const { connect } = await startBroker(t)
  const client = await connect()
  await makeTopic(client, 'little')
  assert.equal((await fetchFrom(client, 'little', { maxWaitMs: 30 })).records!.length, 0)
  await produceTo(client, 'little')
  const { records } = await fetchFrom(client, 'little', { maxWaitMs: 60, minBytes: 1_000_000 })
  assert.equal(records!.length, batchOf().length)
})

test('the limits of bytes are kept, but a first batch always comes', async t => {
  const { connect } = await startBroker(t, { limits: { fetchBytesMax: 5_000 } })
  const client = await connect()
  await makeTopic(client, 'bytes', 2)
  const batch = batchOf({ values: ['x'.repeat(1_000)] })
  for (let n = 0; n < 10; n++) await produceTo(client, 'bytes', Buffer.from(batch))
  const bytes = async (wishes: object) => (await fetchFrom(client, 'bytes', wishes)).records!.length
  assert.equal(await bytes({ partitionMaxBytes: 1 }), batch.length)
  assert.equal(await bytes({ partitionMaxBytes: 0 }), batch.length)
  assert.equal(await bytes({ maxBytes: 1 }), batch.length)
  assert.equal(await bytes({ maxBytes: 0 }), batch.length)
  assert.equal(await bytes({ partitionMaxBytes: batch.length * 2 + 5 }), batch.length * 2)
  assert.equal(await bytes({ partitionMaxBytes: 1_000_000 }), batch.length * 4)
})

test('a second partition gets what the first leaves', async t => {
  const { connect } = await startBroker(t)
  const client = await connect()
  await makeTopic(client, 'one')
  await makeTopic(client, 'two')
  const batch = batchOf({ values: ['x'.repeat(1_000)] })
  for (const topic of ['one', 'two']) for (let n = 0; n < 3; n++) await produceTo(client, topic, Buffer.from(batch))
  const of = (topic: string) => ({ topic, partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 5_000 }] })
  const { responses } = await client.send(fetch, 12, {
    maxWaitMs: 0,
    minBytes: 1,
    maxBytes: batch.length * 4,
    topics: [of('one'), of('two')],
  })
  assert.deepEqual(
    responses.map(({ partitions }) => partitions[0]!.records!.length),
    [batch.length * 3, batch.length],
  )
})

test('offsets of the ends and by time', async t => {
  const { connect } = await startBroker(t)
  const client = await connect()
  await makeTopic(client, 'offsets')
  for (const timestamp of [1_000, 3_000, 2_000]) await produceTo(client, 'offsets', batchOf({ timestamp }))
  const ask = async (timestamp: number, more: object = {}, version = 10) => {
    const partitions = [{ partitionIndex: 0, timestamp, ...more }]
    const { topics } = await client.send(listOffsets, version, {
      replicaId: -1,
      topics: [{ name: 'offsets', partitions }],
    })
    const { errorCode, offset, timestamp: at } = topics[0]!.partitions[0]!
    return [errorName(errorCode), offset, at]
  }
  for (let version = 1; version <= 10; version++) {
    assert.deepEqual(await ask(-1, {}, version), ['NONE', 3, -1])
    assert.deepEqual(await ask(-2, {}, version), ['NONE', 0, -1])
    assert.deepEqual(await ask(1_500, {}, version), ['NONE', 1, 3_000])
  }
  assert.deepEqual(await ask(0), ['NONE', 0, 1_000])
  assert.deepEqual(await ask(3_001), ['NONE', -1, -1])
  assert.deepEqual(await ask(-3), ['NONE', 1, 3_000])
  assert.deepEqual(await ask(-4), ['NONE', 0, -1])
  assert.deepEqual(await ask(-5), ['NONE', -1, -1])
  assert.deepEqual(await ask(-1, { partitionIndex: 1 }), ['UNKNOWN_TOPIC_OR_PARTITION', -1, -1])
  assert.deepEqual(await ask(-1, { currentLeaderEpoch: 1 }), ['UNKNOWN_LEADER_EPOCH', -1, -1])
})

test('the end of a leader epoch', async t => {
  const { connect } = await startBroker(t)
  const client = await connect()
  await makeTopic(client, 'epochs')
  await produceTo(client, 'epochs')
  const ask = async (topic: string, leaderEpoch: number, currentLeaderEpoch = -1) => {
    const topics = [{ topic, partitions: [{ partition: 0, leaderEpoch, currentLeaderEpoch }] }]
    const { errorCode, endOffset } = (await client.send(offsetForLeaderEpoch, 4, { topics })).topics[0]!.partitions[0]!
    return [errorName(errorCode), endOffset]
  }
  assert.deepEqual(await ask('epochs', 0), ['NONE', 1])
  assert.deepEqual(await ask('epochs', 4), ['NONE', -1])
  assert.deepEqual(await ask('epochs', 0, 4), ['UNKNOWN_LEADER_EPOCH', -1])
  assert.deepEqual(await ask('missing', 0), ['UNKNOWN_TOPIC_OR_PARTITION', -1])
})

test('read_committed brings a list of aborted transactions, empty where there are none', async t => {
  const { connect } = await startBroker(t)
  const client = await connect()
  await makeTopic(client, 'committed')
  await produceTo(client, 'committed')
  const response = await client.send(fetch, 12, fetchRequest('committed', { isolationLevel: 1 }))
  assert.deepEqual(partitionOf(response).abortedTransactions, [])
  assert.equal(partitionOf(response).records!.length, batchOf().length)
})
