/** The table of aggregates: sums of every minute, hour and day of UTC. Each window adds what is its own exactly once, in the transaction that says so (CE7). */
import { uuidFromBytes } from '../event/uuid.ts'
import { countedTypesMax, otherTypes } from '../windows/limits.ts'
import { type Counts, type Sums, sumOfDistances } from '../windows/summary.ts'
import type { CaptureDatabase } from './database.ts'

export const spans = { minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const
export type Span = keyof typeof spans

export type AggregateRow = Sums & { readonly span: Span; readonly startMs: number; readonly sessionId: string }

export class Aggregates {
  readonly #sql

  constructor(database: CaptureDatabase) {
    this.#sql = {
      get: database.prepare('SELECT * FROM aggregates WHERE span = ? AND start_ms = ? AND session_id = ?'),
      put: database.prepare(
        `INSERT OR REPLACE INTO aggregates (span, start_ms, session_id, events, keys, clicks, focus_changes, distance_px, counts)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      ),
      expire: database.prepare(
        `DELETE FROM aggregates WHERE (span, start_ms, session_id) IN
         (SELECT span, start_ms, session_id FROM aggregates WHERE span = ? AND start_ms < ? LIMIT ?)`,
      ),
    }
  }

  /** Inside of a transaction: adds to the minute that begins at `startMs`, its hour and its day. */
  add(sessionId: Buffer, startMs: number, sums: Sums): void {
    for (const [span, spanMs] of Object.entries(spans) as [Span, number][]) {
      this.#addTo(span, Math.floor(startMs / spanMs) * spanMs, sessionId, sums)
    }
  }

  /** Inside of a transaction: removes at most `rowsMax` rows that begin before `beforeMs`; returns how many. */
  expire(span: Span, beforeMs: number, rowsMax: number): number {
    return Number(this.#sql.expire.run(span, beforeMs, rowsMax).changes)
  }

  #addTo(span: Span, startMs: number, sessionId: Buffer, sums: Sums): void {
    const found = this.#sql.get.get(span, startMs, sessionId)
    const { events, keys, clicks, focus_changes, distance_px, counts } = found ? sumOf(aggregateOf(found), sums) : sums
    this.#sql.put.run(
      span,
      startMs,
      sessionId,
      events,
      keys,
      clicks,
      focus_changes,
      distance_px,
      JSON.stringify(counts),
    )
  }
}

function sumOf(one: Sums, other: Sums): Sums {
  return {
    events: one.events + other.events,
    keys: one.keys + other.keys,
    clicks: one.clicks + other.clicks,
    focus_changes: one.focus_changes + other.focus_changes,
    distance_px: sumOfDistances(one.distance_px, other.distance_px),
    counts: sumOfCounts(one.counts, other.counts),
  }
}

function sumOfCounts(one: Counts, other: Counts): Counts {
  const counts = new Map(Object.entries(one))
  for (const [type, count] of Object.entries(other)) {
    const name = counts.has(type) || counts.size < countedTypesMax ? type : otherTypes
    counts.set(name, (counts.get(name) ?? 0) + count)
  }
  return Object.fromEntries(counts)
}

/** Of a row of the table. */
export function aggregateOf(row: Record<string, unknown>): AggregateRow {
  return {
    span: row.span as Span,
    startMs: row.start_ms as number,
    sessionId: uuidFromBytes(row.session_id as Uint8Array),
    events: row.events as number,
    keys: row.keys as number,
    clicks: row.clicks as number,
    focus_changes: row.focus_changes as number,
    distance_px: row.distance_px as number,
    counts: JSON.parse(row.counts as string) as Counts,
  }
}
