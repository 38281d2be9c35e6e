import { type Clock, messageOf, type Random, type Stoppable } from '@chronicle/base'
import type { Log } from '@chronicle/log'
import type { Logger } from '@chronicle/telemetry'
import type { Database } from '../database/contract.ts'
import { rebuildLock } from '../database/locks.ts'
import { observeErrors } from '../errors.ts'
import { uuidV7 } from '../event/index.ts'
import type { Projector } from '../projector.ts'
import type { Tables } from '../store/tables.ts'
import { areEqual } from './compare.ts'
import type { RebuildRequest, RebuildView } from './job-view.ts'
import { decisionMsMax } from './limits.ts'
import { Rebuild } from './rebuild.ts'

export type RebuildJobsOptions = {
  readonly log: Log
  readonly tables: Pick<Tables, 'database' | 'holdRetention'>
  readonly projector: Pick<Projector, 'whilePaused'>
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
}

/** One rebuild of the tables at a time, in the background, and how the last one is. */
export class RebuildJobs implements Stoppable {
  readonly #options: RebuildJobsOptions
  #job: RebuildJob | undefined

  constructor(options: RebuildJobsOptions) {
    this.#options = options
  }

  /** Rejected with 'observe.replay-running' while another one runs. */
  start(request: RebuildRequest): RebuildView {
    const running = this.#job?.view
    if (running !== undefined && running.endedMs === undefined) {
      throw observeErrors.create('observe.replay-running', { id: running.id, state: running.state })
    }
    this.#job = new RebuildJob(this.#options, request)
    return this.#job.view
  }

  /** The one that runs, or the last one. Throws 'observe.replay-not-found'. */
  get view(): RebuildView {
    return this.#known.view
  }

  /** Puts the rebuilt tables in force, of a job that waits for that. Throws 'observe.replay-not-waiting'. */
  putInForce(): RebuildView {
    this.#known.putInForce()
    return this.view
  }

  /** Ends the one that runs, soon; tables that are in force by then stay. */
  cancel(): RebuildView {
    this.#known.cancel('it was cancelled')
    return this.view
  }

  /** To be called before whatever it works on is stopped. */
  async stop(): Promise<void> {
    this.#job?.cancel('the server stops')
    await this.#job?.ended
  }

  get #known(): RebuildJob {
    if (this.#job === undefined) throw observeErrors.create('observe.replay-not-found')
    return this.#job
  }
}

/** The reason of a signal that somebody has aborted. */
class Cancelled extends Error {}

class RebuildJob {
  readonly #options: RebuildJobsOptions
  readonly #abort = new AbortController()
  readonly #decision = Promise.withResolvers<void>()
  readonly ended: Promise<void>
  #view: RebuildView

  constructor(options: RebuildJobsOptions, request: RebuildRequest) {
    const { clock, random } = options
    this.#options = options
    const nowMs = clock.now()
    this.#view = {
      ...request,
      id: uuidV7(Math.floor(nowMs), random),
      state: 'running',
      startedMs: nowMs,
      step: { step: 'preparing', done: 0, total: undefined },
      counts: { records: 0, carriedEvents: 0 },
    }
    this.ended = this.#run()
  }

  get view(): RebuildView {
    return this.#view
  }

  putInForce(): void {
    const { state } = this.#view
    if (state !== 'waiting') throw observeErrors.create('observe.replay-not-waiting', { state })
    this.#change({ state: 'running' })
    this.#decision.resolve()
  }

  cancel(reason: string): void {
    this.#abort.abort(new Cancelled(reason))
  }

  async #run(): Promise<void> {
    const { clock, logger, tables } = this.#options
    const { id } = this.#view
    logger.info({ rebuild: id }, 'the tables are being rebuilt')
    const release = await tables.holdRetention()
    try {
      const state = await this.#rebuild()
      this.#change({ state, endedMs: clock.now() })
      logger.info({ rebuild: id, state, ...this.#view.counts }, 'the rebuild of the tables has ended')
    } catch (error) {
      const isCancelled = error instanceof Cancelled
      this.#change({ state: isCancelled ? 'cancelled' : 'failed', endedMs: clock.now(), error })
      const level = isCancelled ? 'info' : 'error'
      logger[level](
        { rebuild: id, reason: messageOf(error) },
        'the rebuild of the tables was broken off; they are as they were',
      )
    } finally {
      release()
    }
  }

  async #rebuild(): Promise<'compared' | 'swapped'> {
    const database = await this.#options.tables.database()
    // OR7: by its lock, which goes with the connection.
    const state = await database.alone(rebuildLock, lost =>
      this.#rebuildIn(database, AbortSignal.any([this.#abort.signal, lost])),
    )
    if (state !== undefined) return state
    throw observeErrors.create('observe.replay-running', { by: 'another server on the same database' })
  }

  async #rebuildIn(database: Database, signal: AbortSignal): Promise<'compared' | 'swapped'> {
    const { id, from, swap, keepOld } = this.#view
    const rebuild = await Rebuild.begin({
      ...this.#options,
      id,
      from,
      database,
      mayStay: swap !== 'never',
      signal,
      onStep: step => this.#change({ step }),
    })
    try {
      await rebuild.make()
      const comparison = await rebuild.compare()
      this.#change({ comparison, counts: rebuild.counts })
      if (swap === 'never' || areEqual(comparison)) return 'compared'
      if (swap === 'ask') await this.#decided(signal)
      await rebuild.swap(keepOld)
      return 'swapped'
    } finally {
      await rebuild.drop().catch(error => {
        this.#options.logger.warn(
          { reason: messageOf(error) },
          'the rebuilt tables could not be removed; retention does it later',
        )
      })
    }
  }

  async #decided(signal: AbortSignal): Promise<void> {
    this.#change({ state: 'waiting' })
    const timer = this.#options.clock.after(decisionMsMax, () => this.cancel('nobody decided in time'))
    const cancelled = Promise.withResolvers<never>()
    signal.addEventListener('abort', () => cancelled.reject(signal.reason), { once: true })
    try {
      signal.throwIfAborted()
      await Promise.race([this.#decision.promise, cancelled.promise])
    } finally {
      timer.cancel()
    }
  }

  #change(changes: Partial<RebuildView>): void {
    this.#view = { ...this.#view, ...changes }
  }
}
