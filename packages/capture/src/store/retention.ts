/**
 * Removes what is past its time: events and their windows, minutes, hours and days. In small transactions, so that events go on being stored between them.
 *
 * It does not trust a clock that jumps: the time that it goes by follows the clock by at most a day in each run, so that a clock that is wrong for an hour costs at
 * most a day of history (CE6). A machine that was off for long catches up a day with each run.
 */

import type { Aggregates, Span } from './aggregates.ts'
import type { CaptureDatabase } from './database.ts'
import { windowStates } from './window-rows.ts'

const dayMs = 86_400_000
/** The time that retention goes by may move so far in one run. */
export const clockStepMsMax = dayMs
/** The first run begins so long after the start: what was not delivered before it has its chance first. */
export const retentionFirstMs = 60_000
/** Then a run begins this often. */
export const retentionEveryMs = 3_600_000
/** Removed in one transaction. */
const rowsMax = 200
/** Given back to the file system after each transaction that removed something. */
const pagesMax = 1_000

export type RetentionDays = {
  /** Raw events, their windows, and the sums of minutes. */
  readonly rawDays: number
  readonly hourlyDays: number
  readonly dailyDays: number
}

export const retentionDays: RetentionDays = { rawDays: 7, hourlyDays: 30, dailyDays: 365 }

export type RetentionOptions = {
  readonly database: CaptureDatabase
  readonly aggregates: Aggregates
  readonly days: RetentionDays
  /** Events of windows that the consumer never took. */
  onExpired(events: number): void
}

export class Retention {
  readonly #options: RetentionOptions
  readonly #sql
  /** What the run under way goes by; undefined between runs. */
  #nowMs: number | undefined

  constructor(options: RetentionOptions) {
    this.#options = options
    const { database } = options
    this.#sql = {
      clock: database.prepare(`SELECT value FROM meta WHERE name = 'retention_ms'`),
      setClock: database.prepare(`INSERT OR REPLACE INTO meta (name, value) VALUES ('retention_ms', ?)`),
      windows: database.prepare(
        'SELECT session_id, window_start, state, events FROM windows WHERE window_end <= ? ORDER BY window_end LIMIT ?',
      ),
      blocks: database.prepare(
        `DELETE FROM event_blocks WHERE block_id IN
         (SELECT block_id FROM event_blocks WHERE session_id = ? AND window_start = ? LIMIT ?)`,
      ),
      window: database.prepare('DELETE FROM windows WHERE session_id = ? AND window_start = ?'),
    }
  }

  /** One step of a run: true where there is more to remove. Throws `DatabaseError`. */
  step(clockMs: number): boolean {
    this.#nowMs ??= this.#begin(clockMs)
    const { removed, expired } = this.#options.database.transaction(() => this.#remove(this.#nowMs!))
    if (expired > 0) this.#options.onExpired(expired)
    if (removed > 0) this.#options.database.reclaim(pagesMax)
    else this.#nowMs = undefined
    return removed > 0
  }

  #begin(clockMs: number): number {
    const heldMs = this.#options.database.read(() => this.#sql.clock.get())?.value as number | undefined
    // A clock that was set back holds retention, which does not go back.
    const nowMs = heldMs === undefined ? clockMs : Math.max(heldMs, Math.min(clockMs, heldMs + clockStepMsMax))
    this.#options.database.transaction(() => this.#sql.setClock.run(nowMs))
    return nowMs
  }

  /** How many rows are gone, and how many events that nobody had taken. */
  #remove(nowMs: number): { removed: number; expired: number } {
    const { aggregates, days } = this.#options
    const spans: [Span, number][] = [
      ['minute', days.rawDays],
      ['hour', days.hourlyDays],
      ['day', days.dailyDays],
    ]
    const sums = spans.map(([span, kept]) => aggregates.expire(span, nowMs - kept * dayMs, rowsMax))
    const { removed, expired } = this.#removeWindows(nowMs - days.rawDays * dayMs)
    return { removed: sums.reduce((sum, rows) => sum + rows, removed), expired }
  }

  #removeWindows(beforeMs: number): { removed: number; expired: number } {
    let removed = 0
    let expired = 0
    for (const { session_id, window_start, state, events } of this.#sql.windows.all(beforeMs, rowsMax)) {
      removed += Number(this.#sql.blocks.run(session_id!, window_start!, rowsMax - removed).changes)
      // A window with more blocks than fit goes on with the next step.
      if (removed >= rowsMax) break
      this.#sql.window.run(session_id!, window_start!)
      removed++
      if (state !== windowStates.delivered) expired += events as number
    }
    return { removed, expired }
  }
}
