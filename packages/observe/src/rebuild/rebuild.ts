/**
 * Makes all tables anew in a shadow schema, and compares them with those in force. The tables in force serve readers and take events meanwhile.
 *
 *     log ── replay, from … ──▶ ┐
 *     events in force that the  ├─▶ shadow: events ─▶ traces ─▶ days of agents   (from the horizon on)
 *     log does not have ──────▶ ┘        ▲                          ▲
 *     traces and days in force, as far as they lie before the horizon
 */

import type { Clock } from '@chronicle/base'
import type { Log } from '@chronicle/log'
import type { LogPosition } from '../contract.ts'
import type { Database } from '../database/contract.ts'
import { migrate } from '../database/migrate.ts'
import { type ReplayFrom, replayLog } from '../log/replay.ts'
import type { Projector } from '../projector.ts'
import { BatchWriter } from '../store/batch-writer.ts'
import { makePartitions, readPartitions } from '../store/partitions.ts'
import { readPositions, setPositions } from '../store/position-rows.ts'
import { applyRetention } from '../store/retention.ts'
import { carryDays } from './carry-days.ts'
import { carryEvents } from './carry-events.ts'
import { carryTraces } from './carry-traces.ts'
import { compareTables, type TableComparison } from './compare.ts'
import { catchUpRoundsMax, compareStatementMsMax, recordsLeftToPause } from './limits.ts'
import { createShadow, dropSchema, removeLeftovers, schemaInForce } from './schemas.ts'
import { type Shadow, shadowOf } from './shadow.ts'
import { refuseWhatHangsOn, swapTables } from './swap.ts'

/** What runs at the moment, for people and programs; `done` of `total` records or rows, where their number is known. */
export type RebuildStep = {
  readonly step: 'preparing' | 'reading' | 'carrying' | 'catching-up' | 'comparing' | 'swapping'
  readonly done: number
  readonly total: number | undefined
}

export type RebuildOptions = {
  readonly id: string
  readonly log: Log
  readonly database: Database
  readonly projector: Pick<Projector, 'whilePaused'>
  readonly clock: Clock
  readonly from: Exclude<ReplayFrom, 'positions'>
  /** Whether the new tables are to be put in force in the end: what would stand in the way is found before the work. */
  readonly mayStay: boolean
  readonly signal: AbortSignal
  readonly onStep: (step: RebuildStep) => void
}

/** What came in, for the report. */
export type RebuildCounts = {
  /** Records that were read from the log. */
  readonly records: number
  /** Events that came from the tables in force. */
  readonly carriedEvents: number
}

/** A rebuild with its shadow. {@link Rebuild.make} comes first, then {@link Rebuild.compare}, then {@link Rebuild.swap}; {@link Rebuild.drop} ends it at any time. */
export class Rebuild {
  readonly #options: RebuildOptions
  readonly #shadow: Shadow
  readonly #writer: BatchWriter
  #records = 0
  #carriedEvents = 0
  /** Records were removed from the log before the shadow had them. */
  #hasMissed = false

  private constructor(options: RebuildOptions, shadow: Shadow) {
    this.#options = options
    this.#shadow = shadow
    // What the tables refuse was a dead letter when it came.
    const deadLetters = { add: async () => undefined }
    this.#writer = new BatchWriter({ database: shadow.tables, deadLetters, clock: options.clock })
  }

  /** Makes the shadow, empty. What earlier rebuilds left is removed. Retention does not run meanwhile. */
  static async begin(options: RebuildOptions): Promise<Rebuild> {
    const { database, clock, id, onStep } = options
    onStep({ step: 'preparing', done: 0, total: undefined })
    // What is past being kept is neither carried over nor compared.
    await applyRetention(database, clock.now())
    await removeLeftovers(database, clock.now())
    const shadow = shadowOf(database, await schemaInForce(database), id, clock.now())
    if (options.mayStay) await database.transaction(queries => refuseWhatHangsOn(queries, shadow))
    await createShadow(database, shadow.schema)
    const rebuild = new Rebuild(options, shadow)
    try {
      await migrate(shadow.tables)
      await rebuild.#makePartitions()
      return rebuild
    } catch (error) {
      // The next rebuild, or retention, removes what is left of it.
      await rebuild.drop().catch(() => undefined)
      throw error
    }
  }

  get counts(): RebuildCounts {
    return { records: this.#records, carriedEvents: this.#carriedEvents }
  }

  /** Fills the shadow while the tables in force take what comes (OR1, OR2). */
  async make(): Promise<void> {
    const { database, from } = this.#options
    const until = await readPositions(database)
    await this.#replay(from, until, 'reading')
    await setPositions(this.#shadow.tables, until)
    await this.#carryEvents()
    await carryDays(this.#shadow)
    await carryTraces(this.#shadow, this.#carrying())
    await this.#analyze()
    await this.#catchUp()
  }

  /** Compares on one snapshot, in which both have the same events; the projector waits until it is taken. */
  async compare(): Promise<TableComparison[]> {
    const { database, signal, onStep } = this.#options
    const progress = counter(onStep, 'comparing')
    const taken = Promise.withResolvers<void>()
    const comparing = await this.#whilePaused(async () => {
      await this.#settle()
      const comparing = database.read(
        async queries => {
          // The first statement takes the snapshot.
          await queries.query('select 1')
          taken.resolve()
          return compareTables(queries, this.#shadow, { signal, onProgress: progress })
        },
        { statementMsMax: compareStatementMsMax },
      )
      await Promise.race([taken.promise, comparing])
      return { result: comparing }
    })
    return comparing.result
  }

  /** Brings the shadow to where the tables in force are, and puts it in their place (OR3). */
  async swap(keepOld: boolean): Promise<void> {
    const { clock, signal, onStep } = this.#options
    await this.#catchUp()
    await this.#whilePaused(async () => {
      await this.#settle()
      await this.#makePartitions()
      await this.#analyze()
      onStep({ step: 'swapping', done: 0, total: undefined })
      await swapTables(this.#shadow, { clock, signal, keepOld })
    })
  }

  /** Removes the shadow, if it is still one. */
  drop(): Promise<void> {
    return dropSchema(this.#options.database, this.#shadow.schema)
  }

  /** What came while others ran, until little is left. */
  async #catchUp(): Promise<void> {
    const { database } = this.#options
    for (let round = 0; round < catchUpRoundsMax; round++) {
      const read = await this.#replay('positions', await readPositions(database), 'catching-up')
      if (read < recordsLeftToPause) return
    }
  }

  /** Nothing is written to the tables in force: afterwards the shadow has the same events and positions (OR5). */
  async #settle(): Promise<void> {
    const until = await readPositions(this.#options.database)
    await this.#replay('positions', until, 'catching-up')
    if (this.#hasMissed) await this.#carryEvents()
    await carryDays(this.#shadow)
    await setPositions(this.#shadow.tables, until)
  }

  async #replay(from: ReplayFrom, until: readonly LogPosition[], step: RebuildStep['step']): Promise<number> {
    const { log, clock, signal, onStep } = this.#options
    const onProgress = ({ read: done, total }: { read: number; total: number }): void => onStep({ step, done, total })
    const { read, total } = await replayLog({ log, clock, writer: this.#writer, from, until, signal, onProgress })
    this.#records += read
    if (read < total) this.#hasMissed = true
    return read
  }

  async #carryEvents(): Promise<void> {
    this.#carriedEvents += await carryEvents(this.#shadow, this.#carrying())
    this.#hasMissed = false
  }

  #carrying() {
    const { signal, onStep } = this.#options
    return { signal, onProgress: counter(onStep, 'carrying') }
  }

  /** Every week that the tables in force have: whoever writes into them knows which there are. */
  async #makePartitions(): Promise<void> {
    await makePartitions(this.#shadow.tables, await readPartitions(this.#options.database))
  }

  /** Tables that were filled a moment ago have no statistics, and would be read without their indexes. */
  async #analyze(): Promise<void> {
    for (const table of ['swarm_events', 'swarm_traces', 'agent_metrics'])
      await this.#shadow.tables.script(`analyze ${table}`)
  }

  /** A rebuild that is cancelled does not wait for its turn. */
  #whilePaused<T>(work: () => Promise<T>): Promise<T> {
    const { projector, signal } = this.#options
    signal.throwIfAborted()
    const cancelled = Promise.withResolvers<never>()
    const cancel = (): void => cancelled.reject(signal.reason)
    signal.addEventListener('abort', cancel, { once: true })
    const pause = projector.whilePaused(async () => {
      signal.throwIfAborted()
      // From here on the work itself looks at the signal.
      signal.removeEventListener('abort', cancel)
      return work()
    })
    return Promise.race([pause, cancelled.promise]).finally(() => signal.removeEventListener('abort', cancel))
  }
}

function counter(onStep: (step: RebuildStep) => void, step: RebuildStep['step']): (rows: number) => void {
  let done = 0
  onStep({ step, done, total: undefined })
  return rows => {
    done += rows
    onStep({ step, done, total: undefined })
  }
}
