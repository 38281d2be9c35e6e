import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { seededRandom } from '@chronicle/base'
import { uuidToBytes } from '../src/event/uuid.ts'
import { readAggregates } from '../src/reading/aggregates.ts'
import { Aggregates, type Span } from '../src/store/aggregates.ts'
import { CaptureDatabase } from '../src/store/database.ts'
import { EventStore } from '../src/store/event-store.ts'
import { clockStepMsMax, Retention, retentionDays } from '../src/store/retention.ts'
import { makeDirectory, SetClock, sessionA, shape, testKeys, windowMs } from './event-support.ts'

const dayMs = 86_400_000
const start = Date.parse('2026-11-21T00:00:00Z')
const random = seededRandom(1)

type House = {
  database: CaptureDatabase
  store: EventStore
  aggregates: Aggregates
  clock: SetClock
  expired: number[]
}

function open(t: Parameters<typeof makeDirectory>[0]): House & { run(nowMs: number): number } {
  const database = CaptureDatabase.open({ path: join(makeDirectory(t), 'capture.db') })
  t.after(() => database.close())
  const clock = new SetClock(start)
  const store = new EventStore({ database, keys: testKeys, shape, clock, random })
  const aggregates = new Aggregates(database)
  const expired: number[] = []
  const retention = new Retention({
    database,
    aggregates,
    days: retentionDays,
    onExpired: events => expired.push(events),
  })
  /** How many steps a whole run takes. */
  const run = (nowMs: number) => {
    let steps = 1
    while (retention.step(nowMs)) steps++
    return steps
  }
  return { database, store, aggregates, clock, expired, run }
}

/** `blocks` blocks of one event each in the window of `atMs`, delivered or not. */
function put({ store, database, aggregates }: House, atMs: number, isDelivered: boolean, blocks = 1): void {
  for (let at = 0; at < blocks; at++) {
    const event = {
      id: random.uuid(),
      sessionId: sessionA,
      timestamp: atMs,
      eventType: 'note',
      json: '{}',
      receivedMs: atMs,
    }
    store.store({ events: [event], positions: [] })
  }
  const key = { sessionId: uuidToBytes(sessionA), start: Math.floor(atMs / windowMs) * windowMs }
  const sums = { events: 1, keys: 0, clicks: 0, focus_changes: 0, distance_px: 0, counts: { note: 1 } }
  database.transaction(() => {
    aggregates.add(key.sessionId, Math.floor(atMs / 60_000) * 60_000, sums)
    if (!isDelivered) return
    store.windows.close(key, atMs)
    store.windows.markBuilt(key, 1, '{}')
    store.windows.markDelivered(key, 1)
  })
}

function left({ database }: House) {
  const count = (table: string) => database.prepare(`SELECT count(*) AS rows FROM ${table}`).get()!.rows
  const spans = (['minute', 'hour', 'day'] as Span[]).map(span => [...readAggregates(database, span, {})].length)
  return { windows: count('windows'), blocks: count('event_blocks'), spans }
}

/** As the program does when it runs all the time. */
function runEachDay(house: ReturnType<typeof open>, days: number, fromMs = start): void {
  for (let day = 0; day <= days; day++) house.run(fromMs + day * dayMs)
}

test('raw events go after 7 days, hours after 30, days after 365', t => {
  const house = open(t)
  put(house, start, true)
  put(house, start + dayMs, true)
  runEachDay(house, 6)
  assert.deepEqual(left(house), { windows: 2, blocks: 2, spans: [2, 2, 2] })
  runEachDay(house, 7)
  house.run(start + 7 * dayMs + windowMs)
  assert.deepEqual(left(house), { windows: 1, blocks: 1, spans: [1, 2, 2] })
  runEachDay(house, 32, start + 7 * dayMs)
  assert.deepEqual(left(house), { windows: 0, blocks: 0, spans: [0, 0, 2] })
  runEachDay(house, 370, start + 30 * dayMs)
  assert.deepEqual(left(house), { windows: 0, blocks: 0, spans: [0, 0, 0] })
  assert.deepEqual(house.expired, [])
})

test('CE6: a clock that jumps years ahead costs at most a day of history, and one that goes back nothing', t => {
  const house = open(t)
  for (let day = 0; day < 7; day++) put(house, start + day * dayMs, true)
  house.run(start + 7 * dayMs)
  assert.equal(left(house).windows, 7)
  house.run(start + 5_000 * dayMs)
  assert.equal(left(house).windows, 6)
  assert.equal(clockStepMsMax, dayMs)
  for (let run = 0; run < 5; run++) house.run(start)
  assert.equal(left(house).windows, 6)
})

test('what is removed before it was taken is counted; a window of very many blocks goes in several steps', t => {
  const house = open(t)
  put(house, start, false, 450)
  house.run(start)
  runEachDay(house, 7)
  assert.ok(house.run(start + 8 * dayMs) >= 3)
  assert.deepEqual(left(house), { windows: 0, blocks: 0, spans: [0, 1, 1] })
  assert.deepEqual(house.expired, [450])
})
