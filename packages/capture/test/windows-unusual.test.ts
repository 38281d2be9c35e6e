import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readAggregates } from '../src/reading/aggregates.ts'
import { countedTypesMax, partBytesMax, windowMinutesMax } from '../src/windows/limits.ts'
import { latenessMs, makeDirectory, move, openPipeline, SetClock, sessionA, until, windowMs } from './event-support.ts'

const minuteMs = 60_000
const start = Math.floor(Date.parse('2026-11-21T12:00:00Z') / windowMs) * windowMs

test('CW3: when the width of windows is changed, those that are open are closed as they are, and no event is lost or doubled', async t => {
  const directory = makeDirectory(t)
  const clock = new SetClock(start + 1_000)
  const first = await openPipeline({ directory, clock })
  for (let at = 0; at < 10; at++) first.pipeline.receive({ event: move(start + at) })
  await first.pipeline.flushed()
  await first.pipeline.stop(1_000)
  first.database.close()
  const wide = { windowMs: 2 * windowMs, latenessMs }
  const { pipeline, database, batches } = await openPipeline({ directory, clock, shape: wide })
  await until(() => batches.length === 1, 'the narrow window')
  assert.deepEqual([batches[0]!.events.length, batches[0]!.window_end], [10, '2026-11-21T12:00:30.000Z'])
  for (let at = 0; at < 5; at++) pipeline.receive({ event: move(start + 2_000 + at) })
  await pipeline.flushed()
  clock.nowMs = start + 4 * windowMs + latenessMs
  await until(() => batches.length === 2, 'the wide one')
  // The window of their time begins where the closed one does: they join the next.
  assert.equal(batches[1]!.window_start, '2026-11-21T12:01:00.000Z')
  assert.ok(batches[1]!.events.every(event => event.late) && batches[1]!.events.length === 5)
  await pipeline.stop(1_000)
  database.close()
})

test('a session with very many types gets each event, and counts of bounded size', async t => {
  const directory = makeDirectory(t)
  const clock = new SetClock(start + 1_000)
  const { pipeline, database, batches } = await openPipeline({ directory, clock })
  const types = 1_000
  for (let at = 0; at < types; at++) {
    pipeline.receive({ event: { ...move(start + at), event_type: `type ${at}`, data: {} } })
  }
  pipeline.receive({ event: { ...move(start + types), event_type: '__proto__', data: {} } })
  await pipeline.flushed()
  clock.nowMs = start + windowMs + latenessMs
  await until(() => batches.length === 1)
  const { events, counts } = batches[0]!
  assert.deepEqual(new Set(events.map(event => event.event_type)).size, types + 1)
  assert.equal(Object.keys(counts).length, countedTypesMax + 1)
  assert.equal(counts['(other)'], types + 1 - countedTypesMax)
  await pipeline.stop(1_000)
  database.close()
})

test('a window with events of very many minutes adds to a bounded number of them', async t => {
  const directory = makeDirectory(t)
  const clock = new SetClock(start + 1_000)
  const { pipeline, database, batches } = await openPipeline({ directory, clock })
  const minutes = windowMinutesMax + 500
  for (let at = 0; at < minutes; at++) pipeline.receive({ event: move(start - at * minuteMs) })
  await pipeline.flushed()
  clock.nowMs = start + windowMs + latenessMs
  await until(() => batches.length === 1)
  assert.equal(batches[0]!.events.length, minutes)
  assert.equal(batches[0]!.events.filter(event => event.late).length, minutes - 1)
  const rows = [...readAggregates(database, 'minute', {})]
  assert.equal(rows.length, windowMinutesMax)
  assert.equal(
    rows.reduce((sum, row) => sum + row.events, 0),
    minutes,
  )
  assert.ok(rows.every(row => row.sessionId === sessionA))
  await pipeline.stop(1_000)
  database.close()
})

test('CW5: data that compress very well are cut into parts by what they take in memory', async t => {
  const directory = makeDirectory(t)
  const clock = new SetClock(start + 1_000)
  const { pipeline, database, batches } = await openPipeline({ directory, clock })
  const text = 'a'.repeat(200_000)
  const count = 200
  for (let at = 0; at < count; at++) {
    pipeline.receive({ event: { ...move(start + at), event_type: 'note', data: { text } } })
    if (at % 10 === 0) await pipeline.flushed()
  }
  await pipeline.flushed()
  clock.nowMs = start + windowMs + latenessMs
  await until(() => batches.reduce((sum, { events }) => sum + events.length, 0) === count)
  for (const { events } of batches) assert.ok(events.length * text.length <= partBytesMax + text.length)
  await pipeline.stop(1_000)
  database.close()
})
