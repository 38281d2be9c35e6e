import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import type { Log, Marker, Partition } from '@chronicle/log'
import { readBatch } from '../../src/log/read-batch.ts'
import { jsonOf, numbersOf, openTestLog, startMs, temporaryDirectory, testClock } from '../support/log-house.ts'
import { type ClientBatch, clientBatch } from '../support/record-batches.ts'

const limits = { eventsMax: 1000, bytesMax: 1024 * 1024 }
const nowMicros = startMs * 1000

type Task = { readonly log: Log; readonly partition: Partition; append(batch: Partial<ClientBatch>): Promise<number> }

async function openTask(t: TestContext): Promise<Task> {
  const log = await openTestLog(temporaryDirectory(t), testClock())
  t.after(() => log.close())
  await log.createTopic({ name: 'swarm.task', partitions: 1 })
  const partition = log.partition('swarm.task', 0)!
  const append = async (batch: Partial<ClientBatch>): Promise<number> => {
    const { baseOffset, durable } = partition.append(clientBatch({ values: [], timestamp: startMs, ...batch }))
    await durable
    return baseOffset
  }
  return { log, partition, append }
}

const valuesOf = (from: number, to: number): string[] => Array.from({ length: to - from }, (_, at) => jsonOf(from + at))
const readAll = (partition: Partition, offset = 0, end = partition.lastStableOffset, within = limits) =>
  readBatch({ partition, offset, end }, within, nowMicros)

/** As the coordinator of transactions writes it. */
async function mark(partition: Partition, producerId: number, type: Marker['type']): Promise<void> {
  const coordinator = partition as Partition & { appendControl(marker: Marker): { durable: Promise<void> } }
  const marker = { producerId, producerEpoch: 0, coordinatorEpoch: 0, type, timestamp: startMs }
  await coordinator.appendControl(marker).durable
}

test('records are read from any offset of a batch on, compressed or not, up to the end or the limits', async t => {
  const { partition, append } = await openTask(t)
  await append({ values: valuesOf(0, 10) })
  await append({ values: valuesOf(10, 30), isCompressed: true })
  for (const [offset, end, eventsMax] of [
    [0, 30, 1000],
    [3, 30, 1000],
    [12, 30, 5],
    [0, 30, 12],
    [5, 17, 1000],
    [29, 30, 1],
    [30, 30, 10],
  ] as const) {
    const { events, position } = await readAll(partition, offset, end, { ...limits, eventsMax })
    const to = Math.min(end, offset + eventsMax)
    assert.deepEqual(numbersOf(events), numbersOf((await readAll(partition, 0)).events).slice(offset, to))
    assert.deepEqual(position, { topicId: partition.topicId, partition: 0, offset: to })
  }
})

test('the bytes of a batch have a limit, that of the last event excepted', async t => {
  const { partition, append } = await openTask(t)
  await append({ values: valuesOf(0, 10) })
  const { events } = await readAll(partition, 0, 10, { eventsMax: 1000, bytesMax: 1 })
  assert.equal(events.length, 1)
})

test('a long piece of the log is read with turns for others between', async t => {
  const { partition, append } = await openTask(t)
  const text = 'x'.repeat(250_000)
  for (let at = 0; at < 16; at++) await append({ values: [jsonOf(at).replace('{', `{"left_out":"${text}",`)] })
  let turns = 0
  const count = (): void => {
    turns++
    turning = setImmediate(count)
  }
  let turning = setImmediate(count)
  const { events } = await readAll(partition, 0, 16, { eventsMax: 1000, bytesMax: 8 * 1024 * 1024 })
  clearImmediate(turning)
  assert.equal(events.length, 16)
  assert.ok(turns >= 3, `${turns} turns`)
})

test('OL2: what a transaction holds open or took back is not read; what it committed is', async t => {
  const { partition, append } = await openTask(t)
  const transaction = (producerId: number, baseSequence: number) => ({ transaction: { producerId, baseSequence } })
  await append({ values: valuesOf(0, 2), ...transaction(1, 0) })
  await append({ values: valuesOf(2, 4), ...transaction(2, 0) })
  await append({ values: valuesOf(4, 5) })
  assert.deepEqual(numbersOf((await readAll(partition)).events), [])
  await mark(partition, 1, 'abort')
  await append({ values: valuesOf(5, 7), ...transaction(1, 2) })
  await mark(partition, 2, 'commit')
  assert.deepEqual(numbersOf((await readAll(partition)).events), [2, 3, 4])
  await mark(partition, 1, 'commit')
  const { events, position } = await readAll(partition)
  assert.deepEqual(numbersOf(events), [2, 3, 4, 5, 6])
  assert.equal(position.offset, partition.logEndOffset)
})

test('OL3: a record that is read again is the same event or the same dead letter', async t => {
  const { partition, append } = await openTask(t)
  const values = ['{"trace_id":"a","event_type":"task.created"}', '{}', 'no json', jsonOf(3)]
  await append({ values, timestamp: startMs - 1000 })
  const first = await readAll(partition)
  const again = await readBatch({ partition, offset: 0, end: 4 }, { ...limits, eventsMax: 2 }, nowMicros + 5)
  assert.deepEqual(again.events, first.events.slice(0, 1))
  assert.equal(again.refused[0]!.id, first.refused[0]!.id)
  assert.equal(first.events[0]!.timestampMicros, (startMs - 1000) * 1000)
  assert.deepEqual(
    first.refused.map(({ reason, source, raw }) => [reason, source, raw.toString()]),
    [
      ['missing-trace-id', 'kafka:swarm.task/0/1', '{}'],
      ['not-json', 'kafka:swarm.task/0/2', 'no json'],
    ],
  )
})

test('a record without a time is a dead letter', async t => {
  const { partition, append } = await openTask(t)
  await append({ values: valuesOf(0, 1), timestamp: -1 })
  assert.deepEqual(
    (await readAll(partition)).refused.map(({ reason }) => reason),
    ['no-time'],
  )
})

test('a batch that cannot be read is a dead letter, and what lies behind it is read', async t => {
  const { partition, append } = await openTask(t)
  const bomb = gzipSync(Buffer.alloc(65 * 1024 * 1024))
  await append({ values: ['', '', ''], records: Buffer.from('no gzip') })
  await append({ values: ['', ''], records: bomb })
  await append({ values: ['', ''], records: gzipSync(Buffer.from([200, 200, 200])) })
  await append({ values: valuesOf(7, 9) })
  const { events, refused, position } = await readAll(partition)
  assert.deepEqual(numbersOf(events), [7, 8])
  assert.equal(position.offset, 9)
  assert.deepEqual(
    refused.map(({ reason, source }) => [reason, source]),
    [0, 3, 5].map(offset => ['unreadable-batch', `kafka:swarm.task/0/${offset}`]),
  )
})
