import assert from 'node:assert/strict'
import { closeSync, openSync, readdirSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { encodeRecord, type Log } from '@chronicle/log'
import { silentLogger } from '@chronicle/telemetry'
import { FollowedPartitions } from '../../src/log/followed.ts'
import { dropOldest } from '../../src/log/overflow.ts'
import { eventsTopic } from '../../src/log/topics.ts'
import type { Projector } from '../../src/projector.ts'
import {
  eventOf,
  eventsOf,
  type House,
  idOf,
  jsonOf,
  MemoryTables,
  numbersOf,
  openHouse,
  openTestLog,
  settle,
  startMs,
  temporaryDirectory,
  testClock,
  until,
} from '../support/log-house.ts'

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, at) => from + at)

async function produce(log: Log, topic: string, values: readonly string[], timestamp = startMs): Promise<void> {
  for (const value of values) {
    await log.partition(topic, 0)!.append(encodeRecord(Buffer.from('key'), Buffer.from(value), timestamp)).durable
  }
}

test('OL4: as many events as the threshold are written at once, fewer after the interval from the first of them', async t => {
  const tables = new MemoryTables()
  const { intake, projector, clock, stop } = await openHouse({ directory: temporaryDirectory(t), tables })
  const told: number[] = []
  projector.subscribe(() => {
    throw new Error('a listener that fails keeps nobody from anything')
  })
  projector.subscribe(({ events, report }) => void told.push(events.length, report.inserted))
  await intake.take(eventsOf(0, 99))
  await settle()
  assert.deepEqual(tables.batches, [])
  await intake.take([eventOf(99)])
  await until(() => tables.batches.length === 1)
  await intake.take([eventOf(100)])
  clock.advance(4999)
  await settle()
  assert.deepEqual(tables.batches, [100])
  clock.advance(1)
  await until(() => tables.batches.length === 2)
  assert.deepEqual(tables.batches, [100, 1])
  await settle()
  assert.deepEqual(told, [100, 100, 1, 1])
  assert.deepEqual(numbersOf(tables.events), range(0, 101))
  await stop()
})

test('OL3: a batch that failed comes again as it was, and the position moves with it alone', async t => {
  const directory = temporaryDirectory(t)
  const tables = new MemoryTables()
  const { intake, clock, projector, log, stop } = await openHouse({
    directory,
    tables,
    settings: { flushThreshold: 3 },
  })
  const { topicId } = log.partition(eventsTopic, 0)!
  let attempts = 0
  tables.fate = () => (attempts++ < 2 ? 'fail' : 'ok')
  await intake.take(eventsOf(0, 3))
  await until(() => attempts === 1 && projector.status.failuresInARow === 1)
  await intake.take(eventsOf(3, 6))
  assert.equal(tables.position(topicId), undefined)
  while (attempts < 3) {
    clock.advance(1000)
    await settle()
  }
  await until(() => tables.events.length === 6)
  assert.deepEqual(tables.batches, [3, 3])
  assert.deepEqual(numbersOf(tables.events), range(0, 6))
  assert.equal(tables.position(topicId), 6)
  await stop()
})

test('OL3: a restart goes on behind what was committed, also where the answer to a commit was lost', async t => {
  const directory = temporaryDirectory(t)
  const tables = new MemoryTables()
  const first = await openHouse({ directory, tables, settings: { flushThreshold: 2 } })
  tables.fate = () => 'lost'
  await first.intake.take(eventsOf(0, 2))
  await until(() => tables.batches.length === 1)
  await first.intake.take(eventsOf(2, 5))
  await first.stop()
  tables.fate = () => 'ok'
  const second = await openHouse({ directory, tables, settings: { flushThreshold: 2 } })
  await until(() => tables.events.length === 5)
  assert.deepEqual(numbersOf(tables.events), range(0, 5))
  await second.stop()
})

test('OL3: a stop after a failure writes nothing that lies behind what failed', async t => {
  const directory = temporaryDirectory(t)
  const tables = new MemoryTables()
  const house = await openHouse({ directory, tables, settings: { flushThreshold: 2 } })
  let attempts = 0
  tables.fate = () => (attempts++ === 0 ? 'fail' : 'ok')
  await house.intake.take(eventsOf(0, 2))
  await until(() => house.projector.status.failuresInARow === 1)
  await house.intake.take(eventsOf(2, 4))
  await house.stop()
  assert.deepEqual(numbersOf(tables.events), range(0, 4))
})

test('a stop writes what waits; tables that were not needed are not asked', async t => {
  const tables = new MemoryTables()
  const unused = await openHouse({ directory: temporaryDirectory(t), tables })
  unused.clock.advance(60_000)
  await settle()
  await unused.stop()
  assert.equal(tables.asked, 0)
  const used = await openHouse({ directory: temporaryDirectory(t), tables, settings: { flushThreshold: 2 } })
  await used.intake.take(eventsOf(0, 2))
  await until(() => tables.events.length === 2)
  await used.intake.take([eventOf(2)])
  await used.stop()
  assert.deepEqual(numbersOf(tables.events), range(0, 3))
})

test('a stop does not wait for tables that do not answer', async t => {
  const directory = temporaryDirectory(t)
  const tables = new MemoryTables()
  const { intake, clock, projector, log } = await openHouse({ directory, tables, settings: { flushThreshold: 1 } })
  let attempts = 0
  tables.fate = () => {
    attempts++
    return 'hang'
  }
  await intake.take(eventsOf(0, 1))
  await until(() => attempts === 1)
  const stopped = projector.stop()
  clock.advance(5000)
  await stopped
  await log.close()
})

test('a backlog is caught up with in batches larger than the threshold, and no larger than their limit', async t => {
  const tables = new MemoryTables()
  const { stop } = await catchUp(t, tables)
  assert.deepEqual(tables.batches, [100, 10_000, 10_000, 1900])
  await stop()
})

test('OL3: what was read while another batch was written is read again where the tables are asked anew', async t => {
  const tables = new MemoryTables()
  const { stop } = await catchUp(t, tables, projector => {
    // While the first batch of the backlog is written, and the second one read.
    if (tables.batches.length === 1) void projector.whilePaused(async () => undefined)
  })
  assert.deepEqual(tables.batches, [100, 10_000, 10_000, 1900])
  assert.deepEqual(numbersOf(tables.events), range(0, 22_000))
  assert.equal(tables.asked, 2)
  await stop()
})

test('OL3: a stop writes what was read ahead, and in the order of the log', async t => {
  const tables = new MemoryTables()
  const stopped = Promise.withResolvers<void>()
  const { log } = await catchUp(t, tables, projector => {
    if (tables.batches.length === 1) stopped.resolve(projector.stop())
  })
  await stopped.promise
  assert.deepEqual(tables.batches, [100, 10_000, 10_000, 1900])
  await log.close()
})

/** Tables that fail until 22,000 events wait, and then have all of them. */
async function catchUp(t: TestContext, tables: MemoryTables, onWrite?: (projector: Projector) => void): Promise<House> {
  const settings = { bufferEventsMax: 30_000 }
  const house = await openHouse({ directory: temporaryDirectory(t), tables, settings })
  const { intake, clock, projector } = house
  tables.fate = () => 'fail'
  await intake.take(eventsOf(0, 100))
  await until(() => projector.status.state === 'retrying')
  for (let n = 100; n < 22_000; n += 5000) await intake.take(eventsOf(n, Math.min(22_000, n + 5000)))
  tables.fate = () => {
    onWrite?.(projector)
    return 'ok'
  }
  clock.advance(30_000)
  await until(() => tables.events.length === 22_000)
  return house
}

test('topics of Kafka are read, also when they are made later, and what their records lack follows from the record', async t => {
  const tables = new MemoryTables()
  const { log, clock, projector, stop } = await openHouse({ directory: temporaryDirectory(t), tables })
  await log.createTopic({ name: 'swarm.task', partitions: 2 })
  await log.createTopic({ name: 'dlq', partitions: 1 })
  await produce(log, 'swarm.task', ['{"trace_id":"t","event_type":"task.created"}'], startMs - 5)
  await produce(log, 'dlq', [jsonOf(1)])
  clock.advance(1000)
  clock.advance(5000)
  await until(() => tables.events.length === 2)
  const [task, dead] = tables.events.toSorted((a, b) => Number(a.isDeadLetter) - Number(b.isDeadLetter))
  assert.equal(task!.timestampMicros, (startMs - 5) * 1000)
  assert.match(task!.eventId, /^[0-9a-f]{8}-[0-9a-f]{4}-5/)
  assert.deepEqual([dead!.eventId, dead!.isDeadLetter], [idOf(1), true])
  assert.deepEqual(projector.status.lag, { [eventsTopic]: 0, 'swarm.task': 0, dlq: 0 })
  await log.deleteTopic('swarm.task')
  await log.createTopic({ name: 'swarm.task', partitions: 1 })
  await produce(log, 'swarm.task', [jsonOf(2)])
  clock.advance(1000)
  clock.advance(5000)
  await until(() => tables.events.length === 3)
  await stop()
})

test('OL5: records that retention removed before they were read are passed over, said and counted', async t => {
  const directory = temporaryDirectory(t)
  const tables = new MemoryTables()
  const { log, intake, alerts, clock, registry, stop } = await openHouse({ directory, tables })
  await intake.take(eventsOf(0, 100))
  await until(() => tables.events.length === 100)
  await intake.take(eventsOf(100, 150))
  await log.deleteRecords(eventsTopic, 0, 130)
  const said: string[] = []
  alerts.publishTo(({ name, state, detail }) => void said.push(`${name} ${state} ${detail}`))
  clock.advance(5000)
  await until(() => tables.events.length === 120)
  assert.deepEqual(numbersOf(tables.events), [...range(0, 100), ...range(130, 150)])
  assert.match(said[0]!, /^records_expired raised .*30 records of swarm.events\/0/)
  assert.match(await registry.metrics(), /chronicle_observe_expired_records_total\{topic="swarm.events"\} 30/)
  await stop()
})

test('OL5: where the log ends before the position, all that there is is read again', async t => {
  const tables = new MemoryTables()
  const directory = temporaryDirectory(t)
  const clock = testClock()
  const first = await openHouse({ directory, tables, clock })
  const { topicId } = first.log.partition(eventsTopic, 0)!
  tables.setPositions([{ topicId, partition: 0, offset: 5 }])
  await first.intake.take(eventsOf(0, 2))
  clock.advance(5000)
  await until(() => tables.events.length === 2)
  assert.deepEqual(numbersOf(tables.events), [0, 1])
  assert.deepEqual(tables.commits.at(-1)!.moves, [{ topicId, partition: 0, offset: 2, from: 5 }])
  await first.intake.take(eventsOf(2, 3))
  clock.advance(5000)
  await until(() => tables.events.length === 3)
  assert.deepEqual(tables.commits.at(-1)!.moves, [{ topicId, partition: 0, offset: 3, from: 2 }])
  await first.stop()
})

test('OL7: the third failure in a row raises write_failure, the next success clears it', async t => {
  const directory = temporaryDirectory(t)
  const tables = new MemoryTables()
  const { intake, alerts, clock, projector, health, stop } = await openHouse({
    directory,
    tables,
    settings: { flushThreshold: 1 },
  })
  const said: string[] = []
  alerts.publishTo(({ name, state, id }) => void said.push(`${name} ${state} ${id}`))
  tables.fate = () => 'fail'
  await intake.take([eventOf(0)])
  for (let failures = 1; failures <= 5; failures++) {
    await until(() => projector.status.failuresInARow === failures)
    assert.equal(said.length, failures < 3 ? 0 : 1)
    if (failures === 5) tables.fate = () => 'ok'
    clock.advance(30_000)
  }
  assert.equal(health.report().checks.observe!.status, 'warn')
  await until(() => said.length === 2)
  const [raised, cleared] = said.map(line => line.split(' '))
  assert.deepEqual([raised![0], raised![1], cleared![1]], ['write_failure', 'raised', 'cleared'])
  assert.equal(raised![2], cleared![2])
  assert.equal(health.report().checks.observe!.status, 'pass')
  await stop()
})

test('OL8: drop-oldest leaves the oldest events out of the tables, says so and counts them', async t => {
  const directory = temporaryDirectory(t)
  const tables = new MemoryTables()
  const settings = { flushThreshold: 10, bufferEventsMax: 20, overflow: 'drop-oldest' as const }
  const { intake, alerts, clock, projector, registry, stop } = await openHouse({ directory, tables, settings })
  const said: string[] = []
  alerts.publishTo(({ name, state }) => void said.push(`${name} ${state}`))
  tables.fate = () => 'fail'
  await intake.take(eventsOf(0, 10))
  await until(() => projector.status.failuresInARow === 1)
  await intake.take(eventsOf(10, 60))
  tables.fate = () => 'ok'
  clock.advance(30_000)
  await until(() => projector.status.bufferSize === 0)
  assert.deepEqual(numbersOf(tables.events), [...range(0, 10), ...range(40, 60)])
  assert.deepEqual(said, ['events_dropped raised', 'events_dropped cleared'])
  assert.match(await registry.metrics(), /chronicle_observe_dropped_events_total 30/)
  await stop()
})

test('nothing is written while the projector is paused, and it goes by the positions that it finds afterwards', async t => {
  const directory = temporaryDirectory(t)
  const tables = new MemoryTables()
  const { intake, projector, stop, log } = await openHouse({ directory, tables, settings: { flushThreshold: 1 } })
  await intake.take([eventOf(0)])
  await until(() => tables.events.length === 1)
  const { topicId } = log.partition(eventsTopic, 0)!
  await projector.whilePaused(async () => {
    await intake.take(eventsOf(1, 5))
    await settle()
    assert.equal(tables.events.length, 1)
    tables.setPositions([{ topicId, partition: 0, offset: 3 }])
  })
  await until(() => tables.events.length === 3)
  assert.deepEqual(numbersOf(tables.events), [0, 3, 4])
  await stop()
})

test('OL8: the longest backlog is dropped from first', async t => {
  const log = await openTestLog(temporaryDirectory(t), testClock())
  await log.createTopic({ name: 'swarm.task', partitions: 3 })
  for (const [index, records] of [5, 20, 12].entries()) {
    for (let n = 0; n < records; n++) {
      await log.partition('swarm.task', index)!.append(encodeRecord(Buffer.from(''), Buffer.from(''), startMs)).durable
    }
  }
  const followed = new FollowedPartitions({
    log,
    topics: ['swarm.task'],
    logger: silentLogger,
    onAdvance: () => undefined,
  })
  followed.place([])
  assert.equal(dropOldest(followed, 37), 0)
  assert.equal(dropOldest(followed, 12), 25)
  assert.deepEqual(
    [...followed].map(({ next }) => next),
    [0, 20, 5],
  )
  followed.close()
  await log.close()
})

test('a stop writes nothing while the projector is paused, and does not wait for the end of the pause', async t => {
  const directory = temporaryDirectory(t)
  const tables = new MemoryTables()
  const { intake, projector, clock, stop } = await openHouse({ directory, tables, settings: { flushThreshold: 1 } })
  await intake.take([eventOf(0)])
  await until(() => tables.events.length === 1)
  const pause = Promise.withResolvers<void>()
  const paused = projector.whilePaused(() => pause.promise)
  await intake.take([eventOf(1)])
  const stopped = stop()
  await settle()
  assert.equal(tables.events.length, 1)
  clock.advance(5000)
  await stopped
  pause.resolve()
  await paused
  await settle()
  assert.equal(tables.events.length, 1)
})

test('a partition that cannot be read is left alone for a while, and the others go on', async t => {
  const directory = temporaryDirectory(t)
  const clock = testClock()
  const settings = { flushThreshold: 1000 }
  const first = await openHouse({ directory, tables: new MemoryTables(), clock })
  await first.log.createTopic({ name: 'swarm.task', partitions: 1 })
  await produce(first.log, 'swarm.task', [jsonOf(0, { source: 'marked' })])
  await first.stop()
  const tables = new MemoryTables()
  const { log, alerts, intake, stop } = await openHouse({ directory, tables, clock, settings })
  const repair = damage(join(directory, 'wal'), 'marked')
  await intake.take([eventOf(1)])
  clock.advance(5000)
  await until(() => tables.events.length === 1)
  assert.deepEqual(
    alerts.standing.map(({ name }) => name),
    ['read_failure'],
  )
  assert.equal(tables.position(log.topic('swarm.task')!.id), undefined)
  repair()
  clock.advance(60_000)
  clock.advance(60_000)
  await until(() => tables.events.length === 2)
  assert.deepEqual(alerts.standing, [])
  await stop()
})

/** Changes `text` in the files of the write-ahead log; what is returned puts it back. */
function damage(directory: string, text: string): () => void {
  for (const name of readdirSync(directory)) {
    const path = join(directory, name)
    const bytes = readFileSync(path)
    const at = bytes.indexOf(text)
    if (at < 0) continue
    const put = (value: string): void => {
      const file = openSync(path, 'r+')
      writeSync(file, value, at)
      closeSync(file)
    }
    put(text.toUpperCase())
    return () => put(text)
  }
  throw new Error(`${text} is in no file`)
}
