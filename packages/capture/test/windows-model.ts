/** What windows have to be, computed plainly from everything that was stored. Shares no code with what it judges. */
import assert from 'node:assert/strict'
import type { EventBatch } from '../src/contract.ts'

export const windowMs = 30_000
export const latenessMs = 500
export const idleAfterMs = 5_000

export type Sent = {
  readonly id: string
  readonly timestamp: number
  readonly session_id: string
  readonly event_type: string
  readonly data: Record<string, number>
  /** What the clock showed. */
  readonly receivedMs: number
}

/** The window that takes an event which came at `receivedMs`, step by step. */
export function windowOf({ timestamp, receivedMs }: Sent): number {
  let start = timestamp - (((timestamp % windowMs) + windowMs) % windowMs)
  while (receivedMs >= start + windowMs + latenessMs) start += windowMs
  return start
}

/** Batches by their id; one that came several times has to be the same each time. */
export function distinct(batches: readonly EventBatch[]): EventBatch[] {
  const byId = new Map<string, EventBatch>()
  for (const batch of batches) {
    const before = byId.get(batch.batch_id)
    if (before) assert.deepEqual(batch, before, 'CW6: a batch is the same each time')
    else byId.set(batch.batch_id, batch)
  }
  return [...byId.values()]
}

/** CW1 and CW4 of whatever clock: each event in one batch, in an aligned window, marked late if it is older than that. */
export function checkBatches(batches: readonly EventBatch[], stored: readonly Sent[]): void {
  const byId = new Map(stored.map(event => [event.id, event]))
  const seen = new Set<string>()
  for (const batch of batches) {
    const start = Date.parse(batch.window_start)
    assert.equal(start % windowMs, 0)
    assert.equal(Date.parse(batch.window_end), start + windowMs)
    assert.ok(batch.events.length > 0, 'nothing is sent for a window without events')
    for (const event of batch.events) {
      const sent = byId.get(event.id)
      assert.ok(sent, 'what is in a batch was stored')
      assert.ok(!seen.has(event.id), 'CW4: an event is in one batch')
      seen.add(event.id)
      assert.equal(sent.session_id, batch.session_id)
      assert.equal(Date.parse(event.timestamp), sent.timestamp)
      assert.equal(event.event_type, sent.event_type)
      assert.deepEqual({ ...event.data }, sent.data)
      assert.ok(sent.timestamp < start + windowMs)
      assert.equal(event.late === true, sent.timestamp < start)
    }
  }
  assert.equal(seen.size, stored.length, 'CW4: every stored event is in a batch')
}

/** With a clock that never goes back: which window each event is in, in which order, and what the window says of it. */
export function checkWindows(batches: readonly EventBatch[], stored: readonly Sent[]): void {
  const expected = Map.groupBy(stored, event => `${event.session_id} ${windowOf(event)}`)
  const found = Map.groupBy(batches, batch => `${batch.session_id} ${Date.parse(batch.window_start)}`)
  assert.deepEqual([...found.keys()].sort(), [...expected.keys()].sort())
  for (const [key, parts] of found) {
    parts.sort((a, b) => a.part - b.part)
    const events = expected.get(key)!.toSorted((a, b) => a.timestamp - b.timestamp)
    assert.deepEqual(
      parts.flatMap(part => part.events.map(event => event.id)),
      events.map(event => event.id),
      'CW5: in the order of their times, then of their arrival',
    )
    const start = Number(key.split(' ')[1])
    for (const [at, { part, parts: count, counts, aggregates }] of parts.entries()) {
      assert.deepEqual([part, count], [at + 1, parts.length])
      assert.deepEqual({ ...counts }, countsOf(events))
      const { distance_px, ...others } = aggregates
      const late = events.filter(e => e.timestamp < start)
      const inTime = events.filter(e => e.timestamp >= start)
      // Sums of the same numbers in another order.
      assert.ok(Math.abs(distance_px - distanceOf(late) - distanceOf(inTime)) < 1e-6)
      assert.deepEqual(others, {
        keys: countsOf(events).keystroke ?? 0,
        clicks: countsOf(events).mouse_click ?? 0,
        focus_changes: countsOf(events).window_focus ?? 0,
        idle_ms: idleOf(events, start),
      })
    }
  }
}

/** Events by type in every stretch of `spanMs`, by session: what the table of aggregates has to say. */
export function countsBySpan(stored: readonly Sent[], spanMs: number): Record<string, Record<string, number>> {
  const stretches = Map.groupBy(stored, e => `${e.session_id} ${Math.floor(e.timestamp / spanMs) * spanMs}`)
  return Object.fromEntries([...stretches].map(([key, events]) => [key, countsOf(events)]))
}

function countsOf(events: readonly Sent[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { event_type } of events) counts[event_type] = (counts[event_type] ?? 0) + 1
  return counts
}

function distanceOf(events: readonly Sent[]): number {
  const places = events.filter(e => e.event_type === 'mouse_move' || e.event_type === 'mouse_click').map(e => e.data)
  let sum = 0
  for (let at = 1; at < places.length; at++) {
    sum += Math.hypot(places[at]!.x! - places[at - 1]!.x!, places[at]!.y! - places[at - 1]!.y!)
  }
  return sum
}

const inputTypes = ['keystroke', 'mouse_move', 'mouse_click']

function idleOf(events: readonly Sent[], start: number): number {
  const inputs = events.filter(e => e.timestamp >= start && inputTypes.includes(e.event_type)).map(e => e.timestamp)
  const edges = [start, ...inputs, start + windowMs]
  const gaps = edges.slice(1).map((edge, at) => edge - edges[at]!)
  return gaps.filter(gap => gap >= idleAfterMs).reduce((sum, gap) => sum + gap, 0)
}
