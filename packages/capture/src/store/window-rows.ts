/** The table of windows: which hold events, and how far each has got. */
import type { CaptureDatabase } from './database.ts'

/**
 * open → closed: nothing joins it any more. closed → built: counts and aggregates are made. built → delivered: the consumer has every part. Never back.
 */
export const windowStates = { open: 0, closed: 1, built: 2, delivered: 3 } as const

export type WindowKey = { readonly sessionId: Buffer; readonly start: number }

export type WindowRow = WindowKey & {
  readonly end: number
  readonly state: number
  /** Events that were stored for it. */
  readonly events: number
  readonly lateEvents: number
  readonly parts: number | null
  readonly partsDelivered: number
  readonly attempts: number
  /** JSON of a `WindowSummary`, once built. */
  readonly summary: string | null
}

const columns = `session_id, window_start, window_end, state, events, late_events, parts, parts_delivered, attempts, summary`

export class WindowRows {
  readonly #database: CaptureDatabase
  readonly #sql
  /** No open window ends before it: most of the time it is known without asking that none is due. */
  #openEndMin = Number.NEGATIVE_INFINITY

  constructor(database: CaptureDatabase) {
    this.#database = database
    this.#sql = {
      add: database.prepare(
        `INSERT INTO windows (session_id, window_start, window_end, state, events, late_events) VALUES (?, ?, ?, 0, ?, ?)
         ON CONFLICT DO UPDATE SET events = events + excluded.events, late_events = late_events + excluded.late_events`,
      ),
      state: database.prepare('SELECT state FROM windows WHERE session_id = ? AND window_start = ?'),
      gap: database.prepare(
        `SELECT w.window_start AS last FROM windows w WHERE w.session_id = ? AND w.window_start >= ? AND w.state > 0
         AND NOT EXISTS (SELECT 1 FROM windows n WHERE n.session_id = w.session_id
                         AND n.window_start = w.window_start + ? AND n.state > 0)
         ORDER BY w.window_start LIMIT 1`,
      ),
      due: database.prepare(
        `SELECT ${columns} FROM windows WHERE state = 0 AND window_end <= ? ORDER BY window_end LIMIT ?`,
      ),
      openEnd: database.prepare('SELECT min(window_end) AS first FROM windows WHERE state = 0'),
      otherWidth: database.prepare(
        `SELECT ${columns} FROM windows WHERE state = 0 AND window_end - window_start <> ? LIMIT ?`,
      ),
      close: database.prepare(
        'UPDATE windows SET state = 1, closed_ms = ? WHERE session_id = ? AND window_start = ? AND state = 0',
      ),
      closed: database.prepare(`SELECT ${columns} FROM windows WHERE state = 1 ORDER BY window_end LIMIT 1`),
      built: database.prepare(
        'UPDATE windows SET state = 2, parts = ?, summary = ? WHERE session_id = ? AND window_start = ? AND state = 1',
      ),
      deliverable: database.prepare(
        `SELECT ${columns} FROM windows WHERE state = 2 AND (retry_ms <= ? OR retry_ms > ?) ORDER BY window_end LIMIT 1`,
      ),
      delivered: database.prepare(
        `UPDATE windows SET parts_delivered = ?, attempts = 0, retry_ms = 0, state = iif(? >= parts, 3, 2)
         WHERE session_id = ? AND window_start = ? AND state = 2`,
      ),
      failed: database.prepare(
        `UPDATE windows SET attempts = attempts + 1, retry_ms = ? WHERE session_id = ? AND window_start = ? AND state = 2`,
      ),
      refused: database.prepare('SELECT count(*) AS windows FROM windows WHERE state = 2 AND attempts > 0'),
      counts: database.prepare('SELECT state, count(*) AS windows FROM windows WHERE state < 3 GROUP BY state'),
    }
  }

  /** Inside of a transaction. */
  add({ sessionId, start }: WindowKey, end: number, events: number, lateEvents: number): void {
    this.#openEndMin = Math.min(this.#openEndMin, end)
    this.#sql.add.run(sessionId, start, end, events, lateEvents)
  }

  /** The first window from `start` on that still takes events of the session: `start` itself, mostly (CW3). */
  openFrom(sessionId: Buffer, start: number, windowMs: number): number {
    const row = this.#sql.state.get(sessionId, start)
    if (row === undefined || row.state === windowStates.open) return start
    // Only a clock that was set back, or another width of windows, leads here.
    return (this.#sql.gap.get(sessionId, start, windowMs)!.last as number) + windowMs
  }

  /** Open windows whose end is not after `endMax`. */
  due(endMax: number, rowsMax: number): WindowRow[] {
    if (endMax < this.#openEndMin) return []
    return this.#database.read(() => {
      const rows = this.#sql.due.all(endMax, rowsMax).map(rowOf)
      if (rows.length === 0)
        this.#openEndMin = (this.#sql.openEnd.get()!.first as number | null) ?? Number.POSITIVE_INFINITY
      return rows
    })
  }

  /** Open windows of another width, from before a setting was changed. */
  ofOtherWidth(windowMs: number, rowsMax: number): WindowRow[] {
    return this.#database.read(() => this.#sql.otherWidth.all(windowMs, rowsMax).map(rowOf))
  }

  /** Inside of a transaction. */
  close({ sessionId, start }: WindowKey, nowMs: number): void {
    this.#sql.close.run(nowMs, sessionId, start)
  }

  /** The earliest window that is closed and not built. */
  nextClosed(): WindowRow | undefined {
    return this.#one(() => this.#sql.closed.get())
  }

  /** Inside of a transaction. */
  markBuilt({ sessionId, start }: WindowKey, parts: number, summary: string): void {
    this.#sql.built.run(parts, summary, sessionId, start)
  }

  /** The earliest window that is built, and whose next try is due. A try that lies further ahead than any is: the clock was set back. */
  nextDeliverable(nowMs: number, retryMsMax: number): WindowRow | undefined {
    return this.#one(() => this.#sql.deliverable.get(nowMs, nowMs + retryMsMax))
  }

  /** Inside of a transaction: the consumer has the first `parts` parts. */
  markDelivered({ sessionId, start }: WindowKey, parts: number): void {
    this.#sql.delivered.run(parts, parts, sessionId, start)
  }

  /** Inside of a transaction. */
  markFailed({ sessionId, start }: WindowKey, retryMs: number): void {
    this.#sql.failed.run(retryMs, sessionId, start)
  }

  /** Windows that were built, and whose next part was sent in vain. */
  refused(): number {
    return this.#database.read(() => this.#sql.refused.get())!.windows as number
  }

  /** Windows that are not delivered yet, by state. */
  counts(): { open: number; closed: number; built: number } {
    const rows = this.#database.read(() => this.#sql.counts.all())
    const of = (state: number) => (rows.find(row => row.state === state)?.windows ?? 0) as number
    return { open: of(windowStates.open), closed: of(windowStates.closed), built: of(windowStates.built) }
  }

  #one(get: () => Record<string, unknown> | undefined): WindowRow | undefined {
    const row = this.#database.read(get)
    return row && rowOf(row)
  }
}

function rowOf(row: Record<string, unknown>): WindowRow {
  return {
    sessionId: Buffer.from(row.session_id as Uint8Array),
    start: row.window_start as number,
    end: row.window_end as number,
    state: row.state as number,
    events: row.events as number,
    lateEvents: row.late_events as number,
    parts: row.parts as number | null,
    partsDelivered: row.parts_delivered as number,
    attempts: row.attempts as number,
    summary: row.summary as string | null,
  }
}
