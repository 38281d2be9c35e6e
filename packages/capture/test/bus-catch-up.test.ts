import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import { type ChronicleProcess, startChronicle } from '@chronicle/testing'
import { Producer } from '@platformatic/kafka'
import { CatchUp } from '../src/bus/catch-up.ts'
import type { BatchEvent, EventBatch } from '../src/contract.ts'
import { defaultConfig, StorageModule } from '../src/index.ts'
import { eventually, topicBus } from './bus-support.ts'
import { makeDirectory, move, windowMs } from './event-support.ts'
import { TestClock } from './screenshots-support.ts'

let broker: ChronicleProcess

before(async () => {
  broker = await startChronicle()
})
after(() => broker.stop())

/** A reader of partition 0 from `next` on, and what it has told. */
function catchUpFrom(next: number, ends: readonly number[]) {
  const clock = new TestClock()
  const told: (number | undefined)[] = []
  let asked = 0
  const catchUp = new CatchUp(
    { clock, ends: async () => new Map([[0, ends[asked++]!]]), tell: ms => told.push(ms) },
    new Map([[0, next]]),
  )
  return { catchUp, clock, told }
}

test('CW2: who has nothing to read is not behind', async () => {
  const { catchUp, told } = catchUpFrom(7, [7])
  await catchUp.begin()
  assert.deepEqual(told, [undefined])
})

test('CW2: a reader is behind until it has read what came while it read', async () => {
  const { catchUp, clock, told } = catchUpFrom(0, [3, 4])
  await catchUp.begin()
  await catchUp.read(0, 1, 1000)
  // Producers give the times: one may lie before the other.
  await catchUp.read(0, 2, 900)
  assert.deepEqual(told, [1000, 1000])
  await clock.pass(1000)
  await catchUp.read(0, 3, 1100)
  assert.deepEqual(told, [1000, 1000], 'the end was looked up again')
  await catchUp.read(0, 4, 2000)
  assert.deepEqual(told, [1000, 1000, undefined])
  await catchUp.read(0, 5, 3000)
  assert.deepEqual(told, [1000, 1000, undefined], 'nothing is told any more')
})

test('CW2: offsets without a record are not waited for longer than seconds, a store without room is', async () => {
  const { catchUp, clock, told } = catchUpFrom(0, [9])
  await catchUp.begin()
  catchUp.reading()
  await clock.pass(60_000)
  assert.deepEqual(told, [])
  await catchUp.read(0, 1, 1000)
  await clock.pass(4_000)
  assert.deepEqual(told, [1000])
  await clock.pass(6_000)
  assert.deepEqual(told, [1000, undefined])
})

test('CW2: what came to the topic while the store was away is in its own windows, and what came late is late', async t => {
  const topics = { events: 'away', batches: 'away-batches' }
  const made = await topicBus(broker.bootstrap, topics)
  made.publish(move(Date.now()))
  await made.stop(10_000)
  const lastWindow = Math.floor(Date.now() / windowMs) * windowMs
  const firstMs = lastWindow - 10 * windowMs
  const late = { ...move(firstMs + 1), id: randomUUID() }
  const records = Array.from({ length: 3000 }, (_, at) => ({ event: move(firstMs + at * 100), ms: firstMs + at * 100 }))
  await produce(topics.events, [...records, { event: late, ms: lastWindow - 1 }])

  const storage = await StorageModule.create({
    ...defaultConfig,
    databasePath: `${makeDirectory(t)}/capture.db`,
    ownBus: await topicBus(broker.bootstrap, topics),
  })
  const batches: EventBatch[] = []
  storage.bus.subscribeBatches(async batch => void batches.push(batch))
  await storage.run()
  const events = (): readonly BatchEvent[] => batches.flatMap(batch => batch.events)
  await eventually(() => events().length >= records.length + 1)
  for (const { window_start, events } of batches)
    for (const { id, timestamp, late: isLate } of events) {
      const inWindow = Math.floor(Date.parse(timestamp) / windowMs) * windowMs
      if (id === late.id) assert.deepEqual([isLate, Date.parse(window_start)], [true, lastWindow - windowMs])
      else assert.deepEqual([isLate, Date.parse(window_start)], [undefined, inWindow])
    }
  await storage.shutdown()
  await storage.bus.stop(1000)
})

async function produce(topic: string, records: readonly { event: object; ms: number }[]): Promise<void> {
  const producer = new Producer({ clientId: 'test', bootstrapBrokers: [broker.bootstrap] })
  const messages = records.map(({ event, ms }) => ({
    topic,
    value: Buffer.from(JSON.stringify(event)),
    timestamp: BigInt(ms),
  }))
  for (let at = 0; at < messages.length; at += 500)
    await producer.send({ messages: messages.slice(at, at + 500), acks: -1 })
  await producer.close()
}
