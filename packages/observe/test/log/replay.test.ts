import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeRecord } from '@chronicle/log'
import { type ReplayFrom, type ReplayProgress, replayLog } from '../../src/log/replay.ts'
import { eventsTopic } from '../../src/log/topics.ts'
import {
  eventsOf,
  MemoryTables,
  numbersOf,
  openHouse,
  startMs,
  temporaryDirectory,
  until,
} from '../support/log-house.ts'

test('OL9: a replay gives other tables what these have: from the beginning, from a time, or from where they are', async t => {
  const tables = new MemoryTables()
  const { log, clock, intake, stop } = await openHouse({
    directory: temporaryDirectory(t),
    tables,
    settings: { flushThreshold: 1 },
  })
  await intake.take(eventsOf(0, 10))
  clock.advance(1000)
  await intake.take(eventsOf(10, 20))
  await until(() => tables.events.length === 20)
  const until20 = await tables.positions()
  await log.partition(eventsTopic, 0)!.append(encodeRecord(Buffer.from('k'), Buffer.from('{}'), startMs)).durable
  await intake.take(eventsOf(20, 25))
  const { topicId } = log.partition(eventsTopic, 0)!
  const replay = async (from: ReplayFrom, isBounded: boolean, offset?: number): Promise<[number[], ReplayProgress]> => {
    const shadow = new MemoryTables()
    if (offset !== undefined) shadow.setPositions([{ topicId, partition: 0, offset }])
    const bounds = isBounded ? { until: until20 } : {}
    const progress = await replayLog({ log, clock, writer: shadow, from, ...bounds })
    assert.equal(shadow.position(topicId), isBounded ? 20 : 26)
    return [numbersOf(shadow.events) as number[], progress]
  }
  const numbers = (start: number, end: number): number[] => Array.from({ length: end - start }, (_, at) => start + at)
  assert.deepEqual(await replay('beginning', true), [numbers(0, 20), { read: 20, total: 20, events: 20, refused: 0 }])
  assert.deepEqual(await replay('beginning', false), [numbers(0, 25), { read: 26, total: 26, events: 25, refused: 1 }])
  assert.deepEqual((await replay({ timestamp: startMs + 1 }, true))[0], numbers(10, 20))
  assert.deepEqual((await replay('positions', true, 15))[0], numbers(15, 20))
  assert.deepEqual((await replay('positions', true, 99))[0], numbers(0, 20), 'the log ends before that')
  await stop()
})

test('OL9: a replay that is broken off says why, and goes on from where its tables are', async t => {
  const { log, clock, intake, stop } = await openHouse({
    directory: temporaryDirectory(t),
    tables: new MemoryTables(),
    settings: { bufferEventsMax: 50_000 },
  })
  for (let n = 0; n < 25_000; n += 5000) await intake.take(eventsOf(n, n + 5000))
  const shadow = new MemoryTables()
  const ended = new AbortController()
  const common = { log, clock, writer: shadow }
  const broken = replayLog({
    ...common,
    from: 'beginning',
    signal: ended.signal,
    onProgress: () => ended.abort(new Error('enough')),
  })
  await assert.rejects(broken, /enough/)
  assert.equal(shadow.events.length, 10_000)
  await replayLog({ ...common, from: 'positions' })
  assert.deepEqual(shadow.batches, [10_000, 10_000, 5000])
  assert.equal(shadow.events.length, 25_000)
  await stop()
})
