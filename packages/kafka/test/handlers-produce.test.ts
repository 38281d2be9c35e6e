import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '@chronicle/base'
import { type Log, logErrors, type Partition } from '@chronicle/log'
import { DurableGroups } from '../src/handlers/durable-groups.ts'
import { ErrorCode, type ErrorName, errorName, initProducerId, type KafkaConnection, produce } from '../src/index.ts'
import { batchOf, changed, seal } from './support/batches.ts'
import { fetchFrom, makeTopic, overriding, produceRequest, produceTo, startBroker } from './support/broker.ts'

async function isEmpty(client: KafkaConnection, topic: string): Promise<boolean> {
  const { highWatermark, records } = await fetchFrom(client, topic)
  return highWatermark === 0 && records!.length === 0
}

test('a batch gets its offset and is read back as it was sent, in every version', async t => {
  const { connect } = await startBroker(t)
  const client = await connect()
  const { topicId } = await makeTopic(client, 'all')
  let offset = 0
  for (let version = 3; version <= 13; version++) {
    const batch = batchOf({ values: ['a', `v${version}`] })
    const topic = version < 13 ? { name: 'all' } : { topicId }
    const topicData = [{ ...topic, partitionData: [{ index: 0, records: Buffer.from(batch) }] }]
    const { responses } = await client.send(produce, version, {
      acks: version % 2 ? 1 : -1,
      timeoutMs: 1_000,
      topicData,
    })
    const answer = responses[0]!.partitionResponses[0]!
    assert.equal(answer.errorCode, 0)
    assert.equal(answer.baseOffset, offset)
    assert.equal(answer.logAppendTimeMs, -1)
    assert.equal(answer.logStartOffset, version >= 5 ? 0 : -1)
    const { records } = await fetchFrom(client, 'all', { offset })
    // Base offset and leader epoch are the broker's; the rest is as it was sent.
    batch.writeBigInt64BE(BigInt(offset), 0)
    batch.writeInt32BE(0, 12)
    assert.ok((records as Buffer).equals(batch))
    offset += 2
  }
})

const refused: [what: string, error: ErrorName, batch: () => Buffer | null, configs?: Record<string, string>][] = [
  ['no batch', 'INVALID_RECORD', () => null],
  ['an empty batch', 'INVALID_RECORD', () => Buffer.alloc(0)],
  ['two batches', 'INVALID_RECORD', () => Buffer.concat([batchOf(), batchOf()])],
  ['a batch and a byte', 'INVALID_RECORD', () => Buffer.concat([batchOf(), Buffer.of(0)])],
  ['a wrong CRC', 'CORRUPT_MESSAGE', () => changed(b => void (b[b.length - 1]! ^= 1), false)],
  ['a batch cut short', 'CORRUPT_MESSAGE', () => batchOf().subarray(0, -1)],
  ['a few bytes', 'CORRUPT_MESSAGE', () => Buffer.from('nonsense')],
  ['a negative length', 'CORRUPT_MESSAGE', () => changed(b => b.writeInt32BE(-5, 8))],
  ['a huge length', 'CORRUPT_MESSAGE', () => changed(b => b.writeInt32BE(0x7fffffff, 8))],
  ['magic 1', 'INVALID_RECORD', () => changed(b => void (b[16] = 1))],
  ['magic 3', 'INVALID_RECORD', () => changed(b => void (b[16] = 3))],
  ['too many records', 'INVALID_RECORD', () => changed(b => b.writeInt32BE(7, 57))],
  ['no record', 'INVALID_RECORD', () => changed(b => b.writeInt32BE(0, 57))],
  ['a wrong last offset', 'INVALID_RECORD', () => changed(b => b.writeInt32BE(3, 23))],
  ['an unknown compression', 'INVALID_RECORD', () => batchOf({ attributes: 7 })],
  ['a control batch', 'INVALID_RECORD', () => batchOf({ attributes: 0x20 })],
  ['a transactional batch', 'INVALID_TXN_STATE', () => batchOf({ attributes: 0x10, producerId: 1 })],
  ['a batch above max.message.bytes', 'MESSAGE_TOO_LARGE', () => batchOf({ values: ['x'.repeat(200)] })],
  ['no key on a compacted topic', 'INVALID_RECORD', () => batchOf(), { 'cleanup.policy': 'compact' }],
  ['a time far ahead', 'INVALID_TIMESTAMP', () => batchOf({ timestamp: Date.now() + 86_400_000 })],
]

test('N7: each kind of bad batch is refused with its error and a reason, and nothing of it is written', async t => {
  const { connect } = await startBroker(t)
  const client = await connect()
  for (const [n, [what, error, batch, configs]] of refused.entries()) {
    const topic = `refused-${n}`
    await makeTopic(client, topic, 1, { 'max.message.bytes': '150', ...configs })
    const answer = await produceTo(client, topic, batch())
    assert.equal(errorName(answer.errorCode), error, what)
    assert.ok(answer.errorMessage!.length > 20, `${what}: ${answer.errorMessage}`)
    assert.equal(answer.baseOffset, -1)
    assert.ok(await isEmpty(client, topic), what)
  }
})

test('a good batch beside a bad one is written, and each is answered for itself', async t => {
  const { connect } = await startBroker(t)
  const client = await connect()
  await makeTopic(client, 'mixed', 2)
  const bad = changed(batch => void (batch[70]! ^= 1), false)
  const topicData = [
    { name: 'mixed', partitionData: [{ index: 1, records: bad }] },
    { name: 'missing', partitionData: [{ index: 0, records: batchOf() }] },
    {
      name: 'mixed',
      partitionData: [
        { index: 0, records: batchOf() },
        { index: 2, records: batchOf() },
      ],
    },
  ]
  const { responses } = await client.send(produce, 9, { acks: -1, timeoutMs: 1_000, topicData })
  const errors = responses.map(({ name, partitionResponses }) => [
    name,
    ...partitionResponses.map(({ index, errorCode }) => `${index}: ${errorName(errorCode)}`),
  ])
  assert.deepEqual(errors, [
    ['mixed', '1: CORRUPT_MESSAGE'],
    ['missing', '0: UNKNOWN_TOPIC_OR_PARTITION'],
    ['mixed', '0: NONE', '2: UNKNOWN_TOPIC_OR_PARTITION'],
  ])
  const { responses: byId } = await client.send(produce, 13, {
    acks: -1,
    timeoutMs: 1_000,
    topicData: [{ topicId: '4LjI3y2aTXyVWrJcRm4-LQ', partitionData: [{ index: 0, records: batchOf() }] }],
  })
  assert.equal(byId[0]!.partitionResponses[0]!.errorCode, ErrorCode.UNKNOWN_TOPIC_ID)
})

test('with the disk nearly full producers are told so at once, consumers are served, and it heals by itself', async t => {
  let free = 1_000_000
  const { connect } = await startBroker(t, { freeBytes: () => free })
  const client = await connect()
  await makeTopic(client, 'full')
  free = 0
  // Free space is looked at once a second while there is some, and after a group.
  const answers: number[] = []
  while (answers.at(-1) !== ErrorCode.KAFKA_STORAGE_ERROR) {
    answers.push((await produceTo(client, 'full')).errorCode)
    await new Promise(resolve => setTimeout(resolve, 50))
  }
  assert.ok(answers.slice(0, -1).every(code => code === 0))
  assert.ok(((await fetchFrom(client, 'full')).records as Buffer).length > 0)
  free = 1_000_000
  while ((await produceTo(client, 'full')).errorCode !== 0) await new Promise(resolve => setTimeout(resolve, 50))
})

test('acks other than -1, 0 and 1 and transactional ids are refused before anything is written', async t => {
  const { connect } = await startBroker(t)
  const client = await connect()
  await makeTopic(client, 'acks')
  for (const [more, error] of [
    [{ acks: 2 }, 'INVALID_REQUIRED_ACKS'],
    [{ acks: -2 }, 'INVALID_REQUIRED_ACKS'],
    [{ transactionalId: 'tx' }, 'INVALID_TXN_STATE'],
  ] as const) {
    const { responses } = await client.send(produce, 9, produceRequest('acks', batchOf(), more))
    assert.equal(errorName(responses[0]!.partitionResponses[0]!.errorCode), error)
  }
  assert.ok(await isEmpty(client, 'acks'))
})

test('acks=0 is not answered; when it fails the connection is closed and says why', async t => {
  const { connect, lines } = await startBroker(t)
  const client = await connect()
  await makeTopic(client, 'silent')
  client.tell(produce, 9, produceRequest('silent', batchOf(), { acks: 0 }))
  const { highWatermark } = await fetchFrom(client, 'silent', { maxWaitMs: 10_000 })
  assert.equal(highWatermark, 1)
  client.tell(produce, 9, produceRequest('no-such-topic', batchOf(), { acks: 0 }))
  await assert.rejects(fetchFrom(client, 'silent'), { code: 'kafka.connection-lost' })
  assert.equal(lines[0]!.refusal, 'acks-0-failed')
  assert.match(String(lines[0]!.reason), /no-such-topic-0: UNKNOWN_TOPIC_OR_PARTITION/)
})

test('an idempotent producer: repeated, out of order and old batches', async t => {
  const { connect } = await startBroker(t)
  const client = await connect()
  await makeTopic(client, 'idempotent')
  const first = await client.send(initProducerId, 4, { transactionalId: null, transactionTimeoutMs: 0 })
  assert.equal(first.errorCode, 0)
  assert.equal(first.producerEpoch, 0)
  const { producerId } = first
  const at = (baseSequence: number, producerEpoch = 0) =>
    produceTo(client, 'idempotent', batchOf({ producerId, producerEpoch, baseSequence, values: ['a', 'b'] }))
  assert.equal((await at(0)).baseOffset, 0)
  assert.equal((await at(2)).baseOffset, 2)
  assert.deepEqual([(await at(2)).errorCode, (await at(2)).baseOffset], [0, 2])
  assert.equal(errorName((await at(9)).errorCode), 'OUT_OF_ORDER_SEQUENCE_NUMBER')
  assert.equal((await at(0, 1)).baseOffset, 4)
  assert.equal(errorName((await at(4, 0)).errorCode), 'INVALID_PRODUCER_EPOCH')
  assert.equal((await fetchFrom(client, 'idempotent')).highWatermark, 6)
})

test('InitProducerId gives new ids, and refuses transactional ones and half a pair', async t => {
  const { connect } = await startBroker(t)
  const client = await connect()
  const ask = (more: object, version = 4) =>
    client.send(initProducerId, version, { transactionalId: null, transactionTimeoutMs: 1_000, ...more })
  const ids = new Set<number>()
  for (let version = 0; version <= 5; version++) ids.add((await ask({}, version)).producerId)
  assert.equal(ids.size, 6)
  const [known] = ids
  const again = await ask({ producerId: known!, producerEpoch: 3 })
  assert.ok(again.errorCode === 0 && again.producerId !== known && again.producerEpoch === 0)
  assert.equal(errorName((await ask({ transactionalId: 'tx' })).errorCode), 'UNSUPPORTED_VERSION')
  assert.equal(errorName((await ask({ producerId: 5, producerEpoch: -1 })).errorCode), 'INVALID_REQUEST')
})

function withAppend(append: (partition: Partition, batch: Buffer) => ReturnType<Partition['append']>) {
  return (log: Log): Log =>
    overriding(log, {
      partition(topic, index) {
        const partition = log.partition(topic, index)
        return partition && overriding(partition, { append: batch => append(partition, batch) })
      },
    })
}

test('N7: nothing is acknowledged before it is durable, and a failed sync is an error for all who waited', async t => {
  const { promise: durable, reject } = Promise.withResolvers<void>()
  const wrap = withAppend((partition, batch) => ({ ...partition.append(batch), durable }))
  const { connect } = await startBroker(t, { wrap })
  const client = await connect()
  await makeTopic(client, 'sync')
  let answered = 0
  const answers = [1, 2, 3].map(async () => {
    const answer = await produceTo(client, 'sync')
    answered++
    return answer
  })
  await fetchFrom(await connect(), 'sync', { maxWaitMs: 1_000 })
  assert.equal(answered, 0)
  reject(logErrors.create('log.storage', { reason: 'EIO' }))
  for (const answer of await Promise.all(answers)) {
    assert.equal(errorName(answer.errorCode), 'KAFKA_STORAGE_ERROR')
    assert.equal(answer.baseOffset, -1)
  }
})

test('a batch that is not durable in time is answered with REQUEST_TIMED_OUT', async t => {
  const never = new Promise<void>(() => undefined)
  const wrap = withAppend((partition, batch) => ({ ...partition.append(batch), durable: never }))
  const { connect } = await startBroker(t, { wrap })
  const client = await connect()
  await makeTopic(client, 'late')
  const { responses } = await client.send(produce, 9, produceRequest('late', batchOf(), { timeoutMs: 50 }))
  assert.equal(errorName(responses[0]!.partitionResponses[0]!.errorCode), 'REQUEST_TIMED_OUT')
})

test('batches that wait for different syncs are answered when all of them are done', async t => {
  const waits = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const wrap = withAppend((partition, batch) => {
    const { promise } = waits[partition.index]!
    return { ...partition.append(batch), durable: promise }
  })
  const { connect } = await startBroker(t, { wrap })
  const client = await connect()
  await makeTopic(client, 'two', 2)
  const partitionData = [0, 1].map(index => ({ index, records: batchOf() }))
  const topicData = [{ name: 'two', partitionData }]
  let done = false
  const answer = client.send(produce, 9, { acks: -1, timeoutMs: 9_000, topicData }).finally(() => {
    done = true
  })
  waits[0]!.resolve()
  await fetchFrom(await connect(), 'two', { maxWaitMs: 1_000 })
  assert.equal(done, false)
  waits[1]!.resolve()
  const { responses } = await answer
  assert.deepEqual(
    responses[0]!.partitionResponses.map(({ errorCode }) => errorCode),
    [0, 0],
  )
})

test('N7: a group that waits is settled once, each of its requests with the outcome that came first', async () => {
  const groups = new DurableGroups(systemClock)
  const { promise, resolve } = Promise.withResolvers<void>()
  const outcomes: string[] = []
  groups.wait(promise, 60_000, ({ kind }) => outcomes.push(`slow ${kind}`))
  groups.wait(promise, 1, ({ kind }) => outcomes.push(`quick ${kind}`))
  groups.wait(Promise.resolve(), 60_000, ({ kind }) => outcomes.push(`done ${kind}`))
  await new Promise(tick => setTimeout(tick, 700))
  assert.deepEqual(outcomes, ['done durable', 'quick timed-out'])
  resolve()
  await promise
  assert.deepEqual(outcomes, ['done durable', 'quick timed-out', 'slow durable'])
  groups.stop()
})

test('a batch whose CRC was made right again after a change inside is refused by what it holds', async t => {
  const { connect } = await startBroker(t)
  const client = await connect()
  await makeTopic(client, 'inside')
  for (let at = 61; at < batchOf().length; at++) {
    const batch = batchOf({ values: ['a', 'b'] })
    batch[at] = 0xff
    const answer = await produceTo(client, 'inside', seal(batch))
    assert.ok(['NONE', 'INVALID_RECORD', 'INVALID_TIMESTAMP'].includes(errorName(answer.errorCode)), `byte ${at}`)
  }
})
