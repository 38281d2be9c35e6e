/**
 * Batches of events into the tables, each in one transaction with its position in the log: after a crash, a lost connection or a second delivery the same batch changes nothing
 * twice (OD2). The tables are a function of the set of distinct events, however they were cut into batches (OD4).
 */

import type { Clock } from '@chronicle/base'
import type { DeadLetter, DeadLetterSink, LogMove, LogPosition, SwarmEvent } from '../contract.ts'
import type { Database } from '../database/contract.ts'
import { lockWriter } from '../database/locks.ts'
import { observeErrors } from '../errors.ts'
import { addEvents } from './add-events.ts'
import { clockLetter, refusedLetter } from './letters.ts'
import { eventsAheadMs, eventsKeptMs } from './limits.ts'
import { makePartitions, weekOf } from './partitions.ts'
import { movePositions, readPositions } from './position-rows.ts'

export type Batch = {
  /** In the order of the log: of two events with one id the first one counts. */
  readonly events: readonly SwarmEvent[]
  /** For each partition that was read: from where, and the next record to be read. */
  readonly positions: readonly LogMove[]
}

export type BatchReport = {
  /** Events that the tables did not have. */
  readonly inserted: number
  /** Events whose id was there before, or twice in the batch. */
  readonly duplicates: number
  /** Events that were older than events are kept: left out. */
  readonly expired: number
  readonly deadLettered: number
  /** Traces that have changed, in the order of their ids. */
  readonly traceIds: readonly string[]
}

type Committed = { readonly inserted: number; readonly traceIds: readonly string[] }

export class BatchWriter {
  readonly #database: Database
  readonly #deadLetters: DeadLetterSink
  readonly #clock: Clock
  /** Weeks that are known to have a partition. */
  readonly #weeks = new Set<number>()

  constructor(options: { database: Database; deadLetters: DeadLetterSink; clock: Clock }) {
    this.#database = options.database
    this.#deadLetters = options.deadLetters
    this.#clock = options.clock
  }

  /** Where each partition of the log is to be read from. */
  positions(): Promise<LogPosition[]> {
    return readPositions(this.#database)
  }

  /**
   * Resolves when the batch is committed. With 'observe.database-unavailable' nothing is known of it, or nothing was done: the same batch again, as often as it takes, comes
   * to the same. With 'observe.positions-moved' the tables are not where the batch begins: whoever reads the log asks for the positions again (OD11). One call at a time.
   */
  async write(batch: Batch): Promise<BatchReport> {
    const sorted = sortOut(batch.events, this.#clock.now())
    const letters = sorted.ahead.map(event => clockLetter(event, this.#clock.now()))
    const written = await this.#writeAll(sorted.events, batch.positions, letters)
    const traceIds = [...new Set(written.committed.flatMap(each => each.traceIds))].sort()
    const inserted = written.committed.reduce((sum, each) => sum + each.inserted, 0)
    return {
      inserted,
      duplicates: sorted.repeated + sorted.events.length - inserted - written.refused.length,
      expired: sorted.expired,
      deadLettered: sorted.ahead.length + written.refused.length,
      traceIds,
    }
  }

  async #writeAll(events: readonly SwarmEvent[], positions: readonly LogMove[], letters: readonly DeadLetter[]) {
    if (letters.length === 0) {
      try {
        return { committed: [await this.#commit(events, positions)], refused: [] }
      } catch (error) {
        if (!isDataRefused(error)) throw error
      }
    }
    // That a week has no partition looks like refused data too: whoever removed one is not trusted to have left the others.
    this.#weeks.clear()
    // The position goes last: a crash before it writes all of this again, which changes nothing.
    const refused: DeadLetter[] = []
    const committed = await this.#writeHalves(events, refused)
    if (letters.length + refused.length > 0) await this.#deadLetters.add([...letters, ...refused])
    await this.#commit([], positions)
    return { committed, refused }
  }

  /** Writes what can be written, and adds what the tables refuse for its content to `refused`: by halves, down to single events (OD5). */
  async #writeHalves(events: readonly SwarmEvent[], refused: DeadLetter[]): Promise<Committed[]> {
    if (events.length === 0) return []
    try {
      return [await this.#commit(events, [])]
    } catch (error) {
      if (!isDataRefused(error)) throw error
      if (events.length === 1) {
        refused.push(refusedLetter(events[0]!, error, this.#clock.now()))
        return []
      }
    }
    const middle = events.length >> 1
    const first = await this.#writeHalves(events.slice(0, middle), refused)
    return [...first, ...(await this.#writeHalves(events.slice(middle), refused))]
  }

  async #commit(events: readonly SwarmEvent[], positions: readonly LogMove[]): Promise<Committed> {
    await this.#makeRoom(events)
    return this.#database.transaction(async transaction => {
      await lockWriter(transaction)
      await movePositions(transaction, positions)
      const added = await addEvents(transaction, events)
      return { inserted: added.events.length, traceIds: added.traces.map(({ traceId }) => traceId) }
    })
  }

  /** Makes partitions that nobody made ahead: for late events of an empty database, or after a long standstill. */
  async #makeRoom(events: readonly SwarmEvent[]): Promise<void> {
    const weeks = new Set<number>()
    for (const { timestampMicros } of events) {
      const week = weekOf(timestampMicros / 1000)
      if (!this.#weeks.has(week)) weeks.add(week)
    }
    if (weeks.size === 0) return
    await makePartitions(this.#database, weeks)
    for (const week of weeks) this.#weeks.add(week)
  }
}

/** What of a batch is to be written at `nowMs`: each id once, nothing that is past being kept, nothing of clocks that are far ahead. */
function sortOut(events: readonly SwarmEvent[], nowMs: number) {
  const byId = new Map<string, SwarmEvent>()
  const ahead: SwarmEvent[] = []
  let repeated = 0
  let expired = 0
  for (const event of events) {
    const ms = event.timestampMicros / 1000
    if (ms < nowMs - eventsKeptMs) expired++
    else if (ms > nowMs + eventsAheadMs) ahead.push(event)
    else if (byId.has(event.eventId)) repeated++
    else byId.set(event.eventId, event)
  }
  return { events: [...byId.values()], ahead, repeated, expired }
}

function isDataRefused(error: unknown) {
  return observeErrors.is(error) && error.code === 'observe.data-refused'
}
