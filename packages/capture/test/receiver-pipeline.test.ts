import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { createLogger } from '@chronicle/telemetry'
import type { EventBatch } from '../src/contract.ts'
import { ScreenshotError } from '../src/errors.ts'
import type { PendingEvent } from '../src/event/check.ts'
import { makeDirectory, move, openPipeline, SetClock, sessionA, sessionB, until, windowMs } from './event-support.ts'

/** Where a window begins. */
const start = Math.floor(Date.parse('2026-11-21T12:00:00Z') / windowMs) * windowMs

function idsOf(batches: readonly EventBatch[]): string[] {
  return batches.flatMap(batch => batch.events.map(event => event.id))
}

test('a window of events becomes one batch for each session, a little after its end', async t => {
  const directory = makeDirectory(t)
  const clock = new SetClock(start + 1_000)
  const { pipeline, batches, database } = await openPipeline({ directory, clock })
  const sent = [move(start + 10, 0), move(start + 5, 3), move(start + 900, 5), move(start + 7, 0, sessionB)]
  for (const event of sent) pipeline.receive({ event })
  await pipeline.flushed()
  clock.nowMs = start + windowMs + 499
  await new Promise(resolve => setTimeout(resolve, 400))
  assert.equal(batches.length, 0)
  clock.nowMs = start + windowMs + 500
  await until(() => batches.length === 2, 'two batches')
  const [a] = batches.filter(batch => batch.session_id === sessionA)
  assert.deepEqual(idsOf([a!]), [sent[1]!.id, sent[0]!.id, sent[2]!.id])
  assert.equal(a!.window_start, '2026-11-21T12:00:00.000Z')
  assert.equal(a!.window_end, '2026-11-21T12:00:30.000Z')
  assert.deepEqual({ ...a!.counts }, { mouse_move: 3 })
  assert.deepEqual(a!.aggregates, { keys: 0, clicks: 0, distance_px: 8, focus_changes: 0, idle_ms: 29_100 })
  assert.deepEqual([a!.part, a!.parts], [1, 1])
  await pipeline.stop(1_000)
  database.close()
})

test('CW4: a batch that the consumer does not take comes again with the same id, also after a restart', async t => {
  const directory = makeDirectory(t)
  const clock = new SetClock(start + 1_000)
  const refused: EventBatch[] = []
  const consumer = async (batch: EventBatch) => {
    refused.push(batch)
    throw new Error('not now')
  }
  const first = await openPipeline({ directory, clock, consumer })
  for (let at = 0; at < 50; at++) first.pipeline.receive({ event: move(start + at) })
  await first.pipeline.flushed()
  clock.nowMs = start + windowMs + 500
  await until(() => refused.length === 1)
  clock.nowMs += 1_000
  await until(() => refused.length === 2)
  await first.pipeline.stop(1_000)
  first.database.close()
  clock.nowMs += 10_000
  const second = await openPipeline({ directory, clock })
  await until(() => second.batches.length === 1)
  assert.deepEqual(second.batches[0], refused[0])
  assert.deepEqual(refused[1], refused[0])
  await second.pipeline.stop(1_000)
  second.database.close()
})

test('CE4 CB2 CB3: while the database is locked and memory is full events wait in the spill, and arrive once each in their order', async t => {
  const directory = makeDirectory(t)
  const clock = new SetClock(start + 1_000)
  const limits = { queueEventsMax: 1_000 }
  const { pipeline, database, batches } = await openPipeline({ directory, clock, limits })
  const other = new DatabaseSync(join(directory, 'capture.db'))
  other.exec('BEGIN IMMEDIATE')
  const sent: string[] = []
  for (let at = 0; at < 30_000; at++) {
    // All in one millisecond: the order of their arrival is the only one there is.
    const event = move(start + 10, at)
    sent.push(event.id as string)
    pipeline.receive({ event })
  }
  await until(() => pipeline.health().store.status === 'fail')
  assert.match(pipeline.health().store.reason, /Another program holds the database/)
  assert.ok(pipeline.waiting().spillEvents > 20_000)
  assert.ok(pipeline.waiting().queueEvents <= 1_000)
  // Their window is over before one of them is stored: they came in time all the same.
  clock.nowMs = start + windowMs + 500
  other.exec('ROLLBACK')
  other.close()
  await pipeline.flushed()
  assert.equal(pipeline.health().store.status, 'pass')
  assert.deepEqual(pipeline.counts.lost, new Map())
  await until(() => batches.length === 3, 'three parts')
  assert.deepEqual(idsOf(batches), sent)
  assert.deepEqual(
    batches.map(({ part, parts, events }) => [part, parts, events.length]),
    [1, 2, 3].map(part => [part, 3, 10_000]),
  )
  await pipeline.stop(1_000)
  database.close()
  const again = await openPipeline({ directory, clock })
  await again.pipeline.flushed()
  assert.deepEqual([again.pipeline.waiting().spillEvents, again.pipeline.counts.stored], [0, 0], 'none is stored twice')
  await again.pipeline.stop(1_000)
  again.database.close()
})

test('CE4: a full disk keeps what was accepted, and health says so until there is room', async t => {
  const directory = makeDirectory(t)
  const clock = new SetClock(start + 1_000)
  const { pipeline, database } = await openPipeline({ directory, clock })
  const pages = database.prepare('PRAGMA page_count').get()!.page_count as number
  database.prepare(`PRAGMA max_page_count = ${pages}`).get()
  for (let at = 0; at < 5_000; at++) pipeline.receive({ event: move(start + at) })
  await until(() => pipeline.health().store.status === 'fail')
  assert.match(pipeline.health().store.reason, /disk of the database of capture is full.*Make room/)
  database.prepare('PRAGMA max_page_count = 1000000').get()
  await pipeline.flushed()
  const stored = database.prepare('SELECT sum(events) AS events FROM event_blocks').get()!.events
  assert.equal(stored, 5_000)
  await pipeline.stop(1_000)
  database.close()
})

test('CB2: what is in memory when capture stops with a locked database is there after the next start', async t => {
  const directory = makeDirectory(t)
  const clock = new SetClock(start + 1_000)
  const first = await openPipeline({ directory, clock })
  const other = new DatabaseSync(join(directory, 'capture.db'))
  other.exec('BEGIN IMMEDIATE')
  const sent = Array.from({ length: 300 }, (_, at) => move(start + at))
  for (const event of sent) first.pipeline.receive({ event })
  await first.pipeline.stop(50)
  first.database.close()
  other.close()
  clock.nowMs = start + windowMs + 5_000
  const second = await openPipeline({ directory, clock })
  await until(() => second.batches.length === 1)
  assert.deepEqual(
    idsOf(second.batches),
    sent.map(event => event.id),
  )
  assert.ok(
    second.batches[0]!.events.every(event => !event.late),
    'they came in time',
  )
  await second.pipeline.stop(1_000)
  second.database.close()
})

test('CB2: more than one entry of the spill holds waits for the next start as well', async t => {
  const directory = makeDirectory(t)
  const clock = new SetClock(start + 1_000)
  const limits = { queueBytesMax: 64 * 1024 * 1024 }
  const first = await openPipeline({ directory, clock, limits })
  const other = new DatabaseSync(join(directory, 'capture.db'))
  other.exec('BEGIN IMMEDIATE')
  // Three bytes a character: together more than the spill's log takes in one entry.
  const text = '語'.repeat(250_000)
  const sent = Array.from({ length: 120 }, (_, at) => ({ ...move(start + at), event_type: 'note', data: { text } }))
  for (const event of sent) first.pipeline.receive({ event })
  await first.pipeline.stop(50)
  assert.deepEqual(first.pipeline.counts.lost, new Map())
  first.database.close()
  other.close()
  const second = await openPipeline({ directory, clock })
  await second.pipeline.flushed()
  assert.equal(second.pipeline.counts.stored, sent.length)
  await second.pipeline.stop(1_000)
  second.database.close()
})

test('CB4: an id that comes again a moment later is counted and not stored', async t => {
  const directory = makeDirectory(t)
  const { pipeline, database } = await openPipeline({ directory, clock: new SetClock(start) })
  const event = move(start)
  for (let time = 0; time < 3; time++) pipeline.receive({ event })
  await pipeline.flushed()
  assert.deepEqual([pipeline.counts.stored, pipeline.counts.repeated], [1, 2])
  await pipeline.stop(1_000)
  database.close()
})

test('CB4: a screenshot that was not taken is not known, and may come again', async t => {
  const directory = makeDirectory(t)
  let tries = 0
  const accept = async (event: PendingEvent) => {
    if (++tries === 1) throw new ScreenshotError('capture.screenshots-stopped')
    return event
  }
  const screenshots = { door: { accept }, references: () => [] }
  const { pipeline, database } = await openPipeline({ directory, clock: new SetClock(start), screenshots })
  const region = { x: 0, y: 0, width: 1, height: 1 }
  const metadata = { window_title: '', app_name: '', screen_region: region, privacy_masked: false }
  const data = { screenshot_id: sessionB, image: Buffer.of(1), metadata }
  const event = { ...move(start), event_type: 'screenshot', data }
  pipeline.receive({ event })
  await until(() => pipeline.counts.lost.get('screenshot-refused') === 1)
  // The second of them comes while the first is on its way, the third after it.
  pipeline.receive({ event })
  pipeline.receive({ event })
  await until(() => pipeline.counts.stored === 1)
  pipeline.receive({ event })
  assert.deepEqual([pipeline.counts.stored, pipeline.counts.repeated, tries], [1, 2, 2])
  await pipeline.stop(1_000)
  database.close()
})

test('CE1: what is refused is counted by the field, and nothing else happens', async t => {
  const directory = makeDirectory(t)
  const { pipeline, database } = await openPipeline({ directory, clock: new SetClock(start) })
  for (const event of [undefined, 7, {}, { ...move(start), data: { x: 1 } }, move(start + 2 * 86_400_000)]) {
    pipeline.receive({ event })
  }
  await pipeline.flushed()
  assert.deepEqual([...pipeline.counts.refused].sort(), [
    ['data.y', 1],
    ['event', 2],
    ['id', 1],
    ['timestamp', 1],
  ])
  assert.equal(pipeline.counts.stored, 0)
  await pipeline.stop(1_000)
  database.close()
})

test('CB2: a program that does nothing else any more ends when its events are stored, and not before', t => {
  const program = fileURLToPath(new URL('./receiver-last.ts', import.meta.url))
  const { stdout, status } = spawnSync(process.execPath, [program, makeDirectory(t)], { encoding: 'utf8' })
  assert.deepEqual([stdout, status], ['500', 0])
})

test('what is refused is said now and then, and never by its content', async t => {
  const directory = makeDirectory(t)
  const lines: string[] = []
  const logger = createLogger({ level: 'info', write: line => lines.push(line) })
  const { pipeline, database } = await openPipeline({ directory, clock: new SetClock(start), logger })
  for (let at = 0; at < 150; at++) pipeline.receive({ event: { ...move(start), event_type: 'secret\n' } })
  assert.equal(lines.length, 3)
  assert.match(lines[2]!, /event_type: a name of at most 64 bytes.*"refused":100/)
  pipeline.receive({ event: { ...move(start), session_id: 'secret' } })
  assert.match(lines[3] ?? 'not said', /session_id.*"refused":1/, 'another field is news')
  assert.ok(lines.every(line => !line.includes('secret')))
  await pipeline.stop(1_000)
  database.close()
})
