/**
 * The tables behind a place, opened when somebody needs them for the first time: a server without events starts no database (OD8). They are migrated and have the partitions
 * of the weeks to come before anything else is done with them.
 */

import { isDeepStrictEqual } from 'node:util'
import { type Clock, messageOf, type Stoppable, type Timer } from '@chronicle/base'
import type { Logger } from '@chronicle/telemetry'
import type { DeadLetterSink } from '../contract.ts'
import type { Database } from '../database/contract.ts'
import { rebuildLock } from '../database/locks.ts'
import { migrate } from '../database/migrate.ts'
import { type DatabasePlace, openDatabase } from '../database/open.ts'
import { mayHaveMoved, watched } from '../database/watched.ts'
import { observeErrors } from '../errors.ts'
import { removeLeftovers } from '../rebuild/schemas.ts'
import { BatchWriter } from './batch-writer.ts'
import { retentionEveryMs } from './limits.ts'
import { applyRetention } from './retention.ts'

/** What a stop waits for a database that may be gone. */
const closeMsMax = 1_000

/** `unused`: nobody has needed them yet. `failed`: opening them failed, and whoever needs them next tries again. */
export type TablesState = 'unused' | 'opening' | 'open' | 'failed' | 'closed'

export type TablesOptions = {
  /** Asked with each attempt to open, and when the database cannot be reached or refuses the login: what a secrets API gives may have changed. */
  readonly place: () => Promise<DatabasePlace> | DatabasePlace
  readonly clock: Clock
  readonly logger: Logger
}

export class Tables implements Stoppable {
  readonly #options: TablesOptions
  readonly #retention: Timer
  #opening: Promise<Database> | undefined
  /** The place of what is open. */
  #place: DatabasePlace | undefined
  #looking: Promise<void> | undefined
  #tending: Promise<void> = Promise.resolve()
  /** Those who keep retention from running. */
  #holders = 0
  #state: TablesState = 'unused'

  constructor(options: TablesOptions) {
    this.#options = options
    this.#retention = options.clock.every(retentionEveryMs, () => void (this.#tending = this.#tend()))
  }

  get state(): TablesState {
    return this.#state
  }

  /** The database with its tables. Fails as `openDatabase` and `migrate` do; the next call tries again then. */
  database(): Promise<Database> {
    this.#opening ??= this.#open().catch(error => {
      this.#opening = undefined
      if (this.#state !== 'closed') this.#state = 'failed'
      throw error
    })
    return this.#opening
  }

  /** Writes batches, and opens the tables for the first of them. */
  writer(deadLetters: DeadLetterSink): Pick<BatchWriter, 'positions' | 'write'> {
    let made: { readonly database: Database; readonly writer: BatchWriter } | undefined
    const writer = async (): Promise<BatchWriter> => {
      const database = await this.database()
      if (made?.database !== database) {
        made = { database, writer: new BatchWriter({ database, deadLetters, clock: this.#options.clock }) }
      }
      return made.writer
    }
    return {
      positions: async () => (await writer()).positions(),
      write: async batch => (await writer()).write(batch),
    }
  }

  /** Resolves when no retention runs; none does until the returned function is called. */
  async holdRetention(): Promise<() => void> {
    this.#holders++
    await this.#tending
    return () => void this.#holders--
  }

  /** Waits for what runs, if the database answers within {@link closeMsMax}. To be called after whoever uses them has stopped. */
  async stop(): Promise<void> {
    this.#retention.cancel()
    this.#state = 'closed'
    const closed = this.#close()
    const late = Promise.withResolvers<void>()
    const timer = this.#options.clock.after(closeMsMax, () => {
      this.#options.logger.warn(
        {},
        'the database did not answer a goodbye; what it has not committed is written after the next start',
      )
      late.resolve()
    })
    await Promise.race([closed, late.promise])
    timer.cancel()
  }

  async #close(): Promise<void> {
    await Promise.all([this.#tending, this.#looking])
    const database = await this.#opening?.catch(() => undefined)
    this.#state = 'closed'
    await database?.close()
  }

  async #open(): Promise<Database> {
    const { clock, logger, place } = this.#options
    if (this.#state === 'closed')
      throw observeErrors.create('observe.database-unavailable', { reason: 'the server stops' })
    this.#state = 'opening'
    const found = await place()
    if ('directory' in found) {
      logger.info(found, 'the embedded database is opened; the first time it is made, which takes some seconds')
    }
    const database = watched(await openDatabase(found), error => this.#failed(error))
    try {
      const { version, applied } = await migrate(database)
      await applyRetention(database, clock.now())
      logger.info({ database: database.kind, version, applied: applied.length }, 'tables are open')
      this.#place = found
      this.#state = 'open'
      return database
    } catch (error) {
      await database.close()
      throw error
    }
  }

  #failed(error: unknown): void {
    if (this.#state !== 'open' || !mayHaveMoved(error)) return
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined
    })
  }

  /** Where the database is another one by now, or has another password, what is open is closed, and whoever needs it next opens that (OD9). */
  async #look(): Promise<void> {
    const { logger, place } = this.#options
    const [opened, was] = [this.#opening, this.#place]
    try {
      if (isDeepStrictEqual(await place(), was) || this.#state === 'closed') return
      logger.info({}, 'the database is named otherwise now; it is opened anew')
      this.#opening = undefined
      this.#state = 'opening'
      await (await opened)?.close()
    } catch (error) {
      // The next failure looks again.
      logger.warn({ reason: messageOf(error) }, 'where the database is now could not be found out')
    }
  }

  /** What fails is done the next time: weeks are made far ahead, and what is kept for longer does no harm. */
  async #tend(): Promise<void> {
    if (this.#state !== 'open' || this.#holders > 0) return
    const { clock, logger } = this.#options
    try {
      const report = await applyRetention(await this.database(), clock.now())
      logger.info(report, 'retention of the tables')
      // Another server on the same database may be making some (OR7).
      const database = await this.database()
      await database.alone(rebuildLock, () => removeLeftovers(database, clock.now()))
    } catch (error) {
      logger.warn({ reason: messageOf(error) }, 'retention of the tables failed; it is tried again later')
    }
  }
}
