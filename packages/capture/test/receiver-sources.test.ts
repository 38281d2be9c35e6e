import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import type { PendingEvent } from '../src/event/check.ts'
import { makeDirectory, move, openPipeline, SetClock, sessionA, until, windowMs } from './event-support.ts'

const metadata = {
  window_title: '',
  app_name: '',
  screen_region: { x: 0, y: 0, width: 1, height: 1 },
  privacy_masked: false,
}
const start = Math.floor(Date.parse('2026-11-21T12:00:00Z') / windowMs) * windowMs
const next = (position: number) => ({ source: 'raw-events', partition: 0, position })

test('CE5: the position of a source is stored with its events, also past those that are refused', async t => {
  const directory = makeDirectory(t)
  const clock = new SetClock(start)
  const first = await openPipeline({ directory, clock })
  assert.equal(first.pipeline.positionOf('raw-events', 0), 0)
  await first.pipeline.receiveFrom({ event: move(start) }, next(1))
  await first.pipeline.receiveFrom({ event: 'nonsense' }, next(2))
  await first.pipeline.flushed()
  assert.equal(first.pipeline.positionOf('raw-events', 0), 2)
  assert.equal(first.pipeline.positionOf('raw-events', 1), 0)
  await first.pipeline.stop(1_000)
  first.database.close()
  const second = await openPipeline({ directory, clock })
  assert.equal(second.pipeline.positionOf('raw-events', 0), 2)
  await second.pipeline.stop(1_000)
  second.database.close()
})

test('CE5: what a source brought and waits in the spill is not asked for again', async t => {
  const directory = makeDirectory(t)
  const clock = new SetClock(start)
  const limits = { queueEventsMax: 10 }
  const first = await openPipeline({ directory, clock, limits })
  const other = new DatabaseSync(join(directory, 'capture.db'))
  other.exec('BEGIN IMMEDIATE')
  for (let at = 0; at < 100; at++) await first.pipeline.receiveFrom({ event: move(start + at) }, next(at + 1))
  await first.pipeline.stop(20)
  first.database.close()
  other.exec('ROLLBACK')
  other.close()
  const second = await openPipeline({ directory, clock, limits })
  assert.equal(second.pipeline.positionOf('raw-events', 0), 100)
  await second.pipeline.flushed()
  assert.deepEqual([second.pipeline.counts.stored, second.pipeline.positionOf('raw-events', 0)], [100, 100])
  await second.pipeline.stop(1_000)
  second.database.close()
})

test('CE5: what was in hand at the stop comes behind what was spilled, and the source does not go back for it', async t => {
  const directory = makeDirectory(t)
  const clock = new SetClock(start)
  const limits = { queueEventsMax: 100 }
  const first = await openPipeline({ directory, clock, limits })
  const other = new DatabaseSync(join(directory, 'capture.db'))
  other.exec('BEGIN IMMEDIATE')
  // The first hundred are in hand, the second in the spill, and behind them is nothing but a position.
  for (let at = 0; at < 200; at++) await first.pipeline.receiveFrom({ event: move(start + at) }, next(at + 1))
  await first.pipeline.receiveFrom({ event: 'nonsense' }, next(201))
  assert.equal(first.pipeline.waiting().spillEvents, 100)
  await first.pipeline.stop(20)
  first.database.close()
  other.close()
  const second = await openPipeline({ directory, clock, limits })
  assert.equal(second.pipeline.positionOf('raw-events', 0), 200)
  await second.pipeline.flushed()
  assert.equal(second.pipeline.counts.stored, 200)
  await second.pipeline.stop(1_000)
  second.database.close()
})

test('CW2: what was in hand at a stop is not late because what came after it was spilled', async t => {
  const directory = makeDirectory(t)
  const clock = new SetClock(start)
  const limits = { queueEventsMax: 100 }
  const first = await openPipeline({ directory, clock, limits })
  first.pipeline.receive({ event: move(start) })
  await first.pipeline.flushed()
  const other = new DatabaseSync(join(directory, 'capture.db'))
  other.exec('BEGIN IMMEDIATE')
  for (let at = 0; at < 100; at++) first.pipeline.receive({ event: move(start + at) })
  await until(() => first.pipeline.health().store.status === 'fail', 'a group in hand')
  clock.nowMs = start + 2 * windowMs
  for (let at = 0; at < 250; at++) first.pipeline.receive({ event: move(clock.nowMs) })
  assert.equal(first.pipeline.waiting().spillEvents, 200)
  await first.pipeline.stop(20)
  first.database.close()
  other.close()
  clock.nowMs = start + 5 * windowMs
  const second = await openPipeline({ directory, clock, limits })
  await until(() => second.batches.length === 2)
  assert.deepEqual(
    second.batches.map(({ events }) => [events.length, events.filter(event => event.late).length]),
    [
      [101, 0],
      [250, 0],
    ],
  )
  await second.pipeline.stop(1_000)
  second.database.close()
})

test('CB1: a source waits where memory and spill are full, and goes on where there is room', async t => {
  const directory = makeDirectory(t)
  const clock = new SetClock(start)
  const { pipeline, database } = await openPipeline({
    directory,
    clock,
    limits: { queueEventsMax: 10, spillBytesMax: 0 },
  })
  const other = new DatabaseSync(join(directory, 'capture.db'))
  other.exec('BEGIN IMMEDIATE')
  let taken = 0
  const source = (async () => {
    for (let at = 0; at < 100; at++, taken++) await pipeline.receiveFrom({ event: move(start + at) }, next(at + 1))
  })()
  await until(() => pipeline.health().store.status === 'fail')
  await new Promise(resolve => setTimeout(resolve, 150))
  assert.ok(taken < 30, 'the source waits')
  // Who does not wait is turned away, and counted.
  pipeline.receive({ event: move(start) })
  assert.equal(pipeline.counts.lost.get('no-room'), 1)
  other.exec('ROLLBACK')
  other.close()
  await source
  await pipeline.flushed()
  assert.equal(pipeline.counts.stored, 100)
  await pipeline.stop(1_000)
  database.close()
})

test('CW2: a window waits for a screenshot that came in time and is still looked at', async t => {
  const directory = makeDirectory(t)
  const clock = new SetClock(start)
  const looked = Promise.withResolvers<void>()
  const door = {
    async accept(event: PendingEvent) {
      await looked.promise
      return { ...event, json: JSON.stringify({ screenshot_id: shot, text_density: 0.5 }) }
    },
  }
  const reference = { screenshot_id: '', timestamp: '', size_bytes: 7, place: 'memory', hash: '' } as const
  const references = (ids: readonly string[]) => ids.map(screenshot_id => ({ ...reference, screenshot_id }))
  const { pipeline, database, batches } = await openPipeline({ directory, clock, screenshots: { door, references } })
  const shot = '0190b8a0-0000-7000-8000-00000000000f'
  const data = { screenshot_id: shot, image: Buffer.from('pixels'), metadata }
  pipeline.receive({ event: { ...move(start + 1), event_type: 'screenshot', data } })
  pipeline.receive({ event: move(start + 2) })
  await pipeline.flushed()
  clock.nowMs = start + windowMs + 5_000
  await new Promise(resolve => setTimeout(resolve, 600))
  assert.equal(batches.length, 0)
  looked.resolve()
  await until(() => batches.length === 1)
  assert.deepEqual(
    batches[0]!.events.map(({ event_type, late, data }) => [event_type, late, Object.keys(data)]),
    [
      ['screenshot', undefined, ['screenshot_id', 'text_density']],
      ['mouse_move', undefined, ['x', 'y', 'velocity']],
    ],
  )
  assert.deepEqual(batches[0]!.screenshots, [{ ...reference, screenshot_id: shot }])
  assert.equal(batches[0]!.session_id, sessionA)
  await pipeline.stop(1_000)
  database.close()
})

test('CW2: no window closes before a source that is behind is read that far', async t => {
  const clock = new SetClock(start + 3 * windowMs)
  const { pipeline, database, batches } = await openPipeline({ directory: makeDirectory(t), clock })
  pipeline.readUpTo('raw-events', Number.NEGATIVE_INFINITY)
  await pipeline.receiveFrom({ event: move(start), arrivedMs: start }, next(1))
  await pipeline.flushed()
  pipeline.readUpTo('raw-events', start)
  await new Promise(resolve => setTimeout(resolve, 600))
  assert.equal(pipeline.counts.windowsClosed, 0)
  await pipeline.receiveFrom({ event: move(start + 1), arrivedMs: start + 1 }, next(2))
  // Came to the source when its window was over.
  await pipeline.receiveFrom({ event: move(start + 2), arrivedMs: start + windowMs + 600 }, next(3))
  await pipeline.flushed()
  pipeline.readUpTo('raw-events', start + windowMs + 600)
  await until(() => batches.length === 1, 'the first window')
  pipeline.readUpTo('raw-events', undefined)
  await until(() => batches.length === 2, 'the second window')
  assert.deepEqual(
    batches.map(({ events }) => events.map(({ timestamp, late }) => [Date.parse(timestamp) - start, late])),
    [
      [
        [0, undefined],
        [1, undefined],
      ],
      [[2, true]],
    ],
  )
  await pipeline.stop(1_000)
  database.close()
})

test('CW2: a producer whose clock is behind holds no window open', async t => {
  const clock = new SetClock(start)
  const looked = Promise.withResolvers<void>()
  const door = { accept: (event: PendingEvent) => looked.promise.then(() => event) }
  const screenshots = { door, references: () => [] }
  const { pipeline, database, batches } = await openPipeline({ directory: makeDirectory(t), clock, screenshots })
  pipeline.receive({ event: move(start) })
  await pipeline.flushed()
  clock.nowMs = start + windowMs + 5_000
  const data = { screenshot_id: '0190b8a0-0000-7000-8000-00000000000f', image: Buffer.from('pixels'), metadata }
  const event = { ...move(clock.nowMs), event_type: 'screenshot', data }
  const taken = pipeline.receiveFrom({ event, arrivedMs: start - 3_600_000 }, next(1))
  await until(() => batches.length === 1, 'the window while the screenshot is looked at')
  looked.resolve()
  await taken
  await pipeline.stop(1_000)
  database.close()
})
