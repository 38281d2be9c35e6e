import assert from 'node:assert/strict'
import { test } from 'node:test'
import { batchRecordCount } from '@chronicle/log'
import { observeErrors } from '../../src/errors.ts'
import { deadLettersTopic, eventsTopic, OwnTopics } from '../../src/log/topics.ts'
import {
  dayMs,
  eventOf,
  eventsOf,
  MemoryTables,
  numbersOf,
  openHouse,
  openTestLog,
  settle,
  temporaryDirectory,
  testClock,
  until,
} from '../support/log-house.ts'

const refusedWith = (code: string) => (error: unknown) => observeErrors.is(error) && error.code === code

test('topics are made with their first record and their settings, which the next start brings up to date', async t => {
  const log = await openTestLog(temporaryDirectory(t), testClock())
  let made = 0
  const topics = new OwnTopics({ log, retentionMs: dayMs, onMade: () => made++ })
  await topics.update()
  assert.equal(topics.find(eventsTopic), undefined)
  const both = await Promise.all([topics.partition(eventsTopic), topics.partition(eventsTopic)])
  assert.equal(both[0], both[1])
  await topics.partition(deadLettersTopic)
  assert.ok(made >= 2)
  const { id, configs } = log.topic(eventsTopic)!
  assert.deepEqual(configs, { 'retention.ms': String(dayMs), 'max.message.bytes': String(4 * 1024 * 1024) })
  await log.setTopicConfigs(deadLettersTopic, { 'retention.bytes': '1000000', 'retention.ms': '5' })
  await new OwnTopics({ log, retentionMs: 2 * dayMs, onMade: () => undefined }).update()
  assert.equal(log.topic(eventsTopic)!.id, id)
  assert.equal(log.topic(eventsTopic)!.configs['retention.ms'], String(2 * dayMs))
  assert.equal(log.topic(deadLettersTopic)!.configs['retention.ms'], String(2 * dayMs))
  assert.equal(log.topic(deadLettersTopic)!.configs['retention.bytes'], '1000000')
  await log.close()
})

test('a server without events has no topics of ours; one that is deleted is made again', async t => {
  const tables = new MemoryTables()
  const settings = { flushThreshold: 1 }
  const { intake, log, projector, deadLetters, stop } = await openHouse({
    directory: temporaryDirectory(t),
    tables,
    settings,
    isBare: true,
  })
  assert.deepEqual([log.topic(eventsTopic), log.topic(deadLettersTopic)], [undefined, undefined])
  assert.deepEqual(await deadLetters.list({ limit: 10 }), { letters: [], before: undefined })
  await intake.take([eventOf(1)])
  await until(() => projector.status.bufferSize === 0 && tables.events.length === 1)
  await log.deleteTopic(eventsTopic)
  await intake.take([eventOf(2)])
  await until(() => tables.events.length === 2)
  await stop()
})

test('OL1: events are taken when they are durable, in their order and as one batch', async t => {
  const directory = temporaryDirectory(t)
  const first = await openHouse({ directory, tables: new MemoryTables() })
  await first.intake.take(eventsOf(0, 50))
  const partition = first.log.partition(eventsTopic, 0)!
  assert.equal(partition.highWatermark, 50)
  const records = await partition.read(0, 100_000, 'read_committed', true)
  assert.equal(batchRecordCount(Buffer.from(records.pieces[0]!), 0), 50)
  records.release()
  await first.log.close()
  const tables = new MemoryTables()
  const second = await openHouse({ directory, tables, settings: { flushThreshold: 50 } })
  await until(() => tables.events.length === 50)
  assert.deepEqual(tables.events, eventsOf(0, 50))
  await second.stop()
})

test('events of more bytes than a batch takes go into several, and stay in order', async t => {
  const tables = new MemoryTables()
  const settings = { flushThreshold: 20 }
  const { intake, log, clock, stop } = await openHouse({ directory: temporaryDirectory(t), tables, settings })
  const large = eventsOf(0, 20).map(event => ({ ...event, metadata: { ...event.metadata, text: 'x'.repeat(500_000) } }))
  await intake.take(large)
  assert.equal(log.partition(eventsTopic, 0)!.logEndOffset, 20)
  await until(() => tables.batches.length === 1)
  await settle()
  clock.advance(5000)
  await until(() => tables.events.length === 20)
  assert.deepEqual(numbersOf(tables.events), numbersOf(large))
  await stop()
})

test('OL1: what has to be durable before the events is waited for, and where it fails nothing is taken', async t => {
  const settings = { flushThreshold: 4, bufferEventsMax: 2 }
  const house = await openHouse({ directory: temporaryDirectory(t), tables: new MemoryTables(), settings })
  const { intake, log, stop } = house
  const end = (): number => log.partition(eventsTopic, 0)?.logEndOffset ?? 0
  const before = Promise.withResolvers<void>()
  const taking = intake.take(eventsOf(0, 2), () => before.promise)
  await settle()
  assert.equal(end(), 0)
  let isAsked = false
  await assert.rejects(
    intake.take([eventOf(2)], async () => void (isAsked = true)),
    refusedWith('observe.busy'),
  )
  assert.equal(isAsked, false)
  before.reject(new Error('not durable'))
  await assert.rejects(taking, /not durable/)
  assert.equal(end(), 0)
  await assert.rejects(
    intake.take([], () => Promise.reject(new Error('not durable'))),
    /not durable/,
  )
  await intake.take(eventsOf(0, 2))
  assert.equal(end(), 2)
  await stop()
})

test('OL8: events beyond the buffer are refused and nothing of them is taken, until the tables have caught up', async t => {
  const tables = new MemoryTables()
  const settings = { flushThreshold: 4, bufferEventsMax: 10 }
  const { intake, log, alerts, clock, projector, stop } = await openHouse({
    directory: temporaryDirectory(t),
    tables,
    settings,
  })
  tables.fate = () => 'fail'
  await intake.take(eventsOf(0, 3))
  await assert.rejects(intake.take(eventsOf(3, 12)), refusedWith('observe.busy'))
  assert.deepEqual(alerts.standing, [])
  await intake.take(eventsOf(3, 8))
  await assert.rejects(intake.take(eventsOf(8, 11)), refusedWith('observe.busy'))
  await assert.rejects(intake.take(eventsOf(8, 19)), refusedWith('observe.too-many-events'))
  assert.equal(log.partition(eventsTopic, 0)!.logEndOffset, 8)
  assert.deepEqual(
    alerts.standing.map(({ name }) => name),
    ['buffer_full'],
  )
  const together = await Promise.allSettled([8, 9, 10].map(n => intake.take([eventOf(n)])))
  assert.deepEqual(
    together.map(({ status }) => status),
    ['fulfilled', 'fulfilled', 'rejected'],
  )
  tables.fate = () => 'ok'
  clock.advance(30_000)
  await until(() => projector.status.bufferSize === 0)
  assert.deepEqual(alerts.standing, [])
  await intake.take([eventOf(10)])
  await stop()
  assert.deepEqual(tables.events, eventsOf(0, 11))
})

test('OL8: after a start with tables that do not answer the buffer is what came since', async t => {
  const directory = temporaryDirectory(t)
  const tables = new MemoryTables()
  const settings = { flushThreshold: 1, bufferEventsMax: 10 }
  const first = await openHouse({ directory, tables, settings })
  await first.intake.take(eventsOf(0, 10))
  await until(() => tables.events.length === 10)
  await first.stop()
  const asked = Promise.withResolvers<never>()
  const away = { positions: () => asked.promise, write: () => asked.promise }
  const second = await openHouse({ directory, tables: away, settings })
  await second.intake.take(eventsOf(10, 20))
  await settle()
  await assert.rejects(second.intake.take([eventOf(20)]), refusedWith('observe.busy'))
  assert.equal(second.projector.status.bufferSize, 10)
  assert.deepEqual(
    second.alerts.standing.map(({ name }) => name),
    ['buffer_full'],
  )
  asked.reject(new Error('away'))
  await second.stop()
})

test('OL8: a buffer below the threshold is emptied when events find no room in it', async t => {
  const tables = new MemoryTables()
  const settings = { flushThreshold: 100, bufferEventsMax: 10 }
  const { intake, stop } = await openHouse({ directory: temporaryDirectory(t), tables, settings })
  await intake.take(eventsOf(0, 8))
  await settle()
  assert.equal(tables.events.length, 0)
  await assert.rejects(intake.take(eventsOf(8, 12)), refusedWith('observe.busy'))
  await until(() => tables.events.length === 8)
  await settle()
  await intake.take(eventsOf(8, 12))
  await stop()
})
