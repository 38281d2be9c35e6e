import type { Clock, Stoppable, Timer } from '@chronicle/base'
import type { Logger } from '@chronicle/telemetry'
import type { RunReport } from '../archive/contract.ts'
import { packerErrors } from '../errors.ts'
import type { PackerSettings } from '../settings-type.ts'
import {
  type Engine,
  type LastRun,
  type RetentionReport,
  type RunReason,
  type RunRequest,
  ringName,
  type ServiceStatus,
} from './contract.ts'
import { codesOf, explained, inWords } from './failure.ts'
import type { PackerMetrics } from './metrics.ts'
import { logRun } from './run-log.ts'
import { DailySchedule, lastDaily } from './schedule.ts'

/** How often is looked whether something is due. */
const lookMs = 1000
/** After a run that failed nobody but a person begins another for this long, twice as long after each further failure, up to an hour. */
const retryMsMin = 60_000
const retryMsMax = 3_600_000

/** Why a run has not deleted what the clock says is past its retention. */
const heldBack =
  'they were written less than a week ago, or the clock has moved by more than a week since: see that it is right. They go by and by, or with chronicle-packer process --cleanup at once'

export type PackerServiceOptions = {
  readonly engine: Engine
  readonly settings: Pick<PackerSettings, 'dailyTime' | 'timezone' | 'backupThresholdBytes'>
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics: PackerMetrics
}

type Running = { reason: RunReason; sinceMs: number; doneBytes: number; totalBytes: number; abort: AbortController }

/** Runs when somebody asks and, once begun, when it is time and when the source is full enough: one run at a time (PS1). */
export class PackerService implements Stoppable {
  readonly #options: PackerServiceOptions
  readonly #startedMs: number
  #schedule: DailySchedule | undefined
  #looks: Timer | undefined
  #looking: Promise<void> | undefined
  /** A run that has to come, as soon as none is under way (PS4). */
  #due: RunReason | undefined
  #running: Running | undefined
  #current: Promise<unknown> = Promise.resolve()
  #lastRun: LastRun | undefined
  /** By the clock that is never set. */
  #pausedUntilMs = 0
  /** What the source cannot be looked at for; said and counted once. */
  #sourceFailure: string | undefined
  #isStopping = false

  constructor(options: PackerServiceOptions) {
    this.#options = options
    this.#startedMs = options.clock.now()
  }

  /** From now on runs begin by themselves. What should have been packed while no packer ran is due at once. */
  begin(): this {
    const { clock, settings, engine } = this.#options
    const { dailyTime, timezone } = settings
    const run = () => {
      this.#due = 'schedule'
      void this.#look()
    }
    this.#schedule = new DailySchedule({ clock, dailyTime, timezone, run })
    const mayWait = engine.packsTopics || (this.#backlogBytes() ?? 0) > 0
    if (mayWait && engine.lastCommitMs() < lastDaily(clock.now(), dailyTime, timezone)) this.#due = 'missed'
    this.#looks = clock.every(lookMs, () => void this.#look())
    return this
  }

  get lastRun(): LastRun | undefined {
    return this.#lastRun
  }

  status(): ServiceStatus {
    return {
      startedMs: this.#startedMs,
      running: this.#progress() ?? null,
      lastRun: this.#lastRun ?? null,
      nextRunMs: this.#schedule?.nextMs ?? null,
      backlogBytes: this.#backlogBytes() ?? null,
    }
  }

  #progress(): ServiceStatus['running'] | undefined {
    if (!this.#running) return undefined
    const { reason, sinceMs, doneBytes, totalBytes } = this.#running
    return { reason, sinceMs, doneBytes, totalBytes }
  }

  /** One run, from beginning to end. Throws 'packer.run-in-progress' where one is under way; rejects with what the run failed with. */
  run(request: Omit<RunRequest, 'signal'>): Promise<RunReport> {
    return this.#alone(request.reason, running => this.#runOnce(request, running))
  }

  /** Deletes what is past its retention. Throws as `run` does: a deletion beside a commit would undo it (PS6). */
  cleanUp(): Promise<RetentionReport> {
    return this.#alone('command', () => this.#deleteExpired(true))
  }

  #alone<T>(reason: RunReason, work: (running: Running) => Promise<T>): Promise<T> {
    if (this.#running) throw packerErrors.create('packer.run-in-progress', { reason: this.#running.reason })
    if (this.#isStopping) throw packerErrors.create('packer.stopping')
    const sinceMs = this.#options.clock.now()
    const running: Running = { reason, sinceMs, doneBytes: 0, totalBytes: 0, abort: new AbortController() }
    this.#running = running
    const working = work(running).finally(() => {
      this.#running = undefined
    })
    this.#current = working.catch(() => undefined)
    return working
  }

  async #deleteExpired(isAsked: boolean): Promise<RetentionReport> {
    const report = await this.#options.engine.deleteExpired(isAsked)
    if (report.filesDeleted > 0) this.#options.logger.info({ ...report }, 'files past their retention were deleted')
    return report
  }

  /** Ends the run that is under way at the next boundary between files, and begins no more. */
  async stop(): Promise<void> {
    this.#isStopping = true
    this.#schedule?.stop()
    this.#looks?.cancel()
    this.#running?.abort.abort()
    await this.#looking
    await this.#current
  }

  async #runOnce(request: Parameters<PackerService['run']>[0], running: Running): Promise<RunReport> {
    const { engine, metrics, logger } = this.#options
    const { reason, dryRun } = request
    try {
      const report = await engine.run({
        ...request,
        signal: running.abort.signal,
        onProgress: progress => {
          Object.assign(running, progress)
          request.onProgress?.(progress)
        },
      })
      if (dryRun) return report
      metrics.ran(report.durationMs)
      logRun(logger, reason, report)
      const retentionFailure = await this.#retain()
      // Topics that were asked for say nothing of what failed before them.
      if (!request.topics || !this.#lastRun?.failures) this.#finished({ reason, report, failures: 0, retentionFailure })
      // The others were packed. A ring that fails may fail again at once; a topic is not asked before the next run anyway.
      if (report.failedSources?.some(({ source }) => source === ringName)) this.#pause(1)
      return report
    } catch (error) {
      const failure = explained(error)
      if (!dryRun) this.#failed(request, failure)
      throw failure
    }
  }

  #failed({ reason, topics }: Omit<RunRequest, 'signal'>, failure: unknown): void {
    const { metrics, logger } = this.#options
    metrics.failed(failure)
    logger.error({ error: failure, reason }, 'a run failed; what was read stays in its source')
    // Whoever named topics is told; how the packer is by itself, and when it goes on, does not hang on a name or an address that was mistyped.
    if (topics) return
    const failures = (this.#lastRun?.failures ?? 0) + 1
    this.#finished({ reason, failure: inWords(failure), failureCode: codesOf(failure)[0], failures })
    this.#pause(failures)
  }

  #pause(failures: number): void {
    const pauseMs = Math.min(retryMsMin * 2 ** (failures - 1), retryMsMax)
    this.#pausedUntilMs = this.#options.clock.monotonic() + pauseMs
  }

  /** What was packed is packed, whatever becomes of old files: the reason why they stay. */
  async #retain(): Promise<string | undefined> {
    const { logger, metrics } = this.#options
    try {
      const { filesHeldBack } = await this.#deleteExpired(false)
      if (filesHeldBack === 0) return undefined
      logger.warn({ filesHeldBack }, heldBack)
      return `${filesHeldBack} files, because ${heldBack}`
    } catch (error) {
      metrics.failed(error)
      logger.error({ error }, 'files past their retention could not be deleted')
      return inWords(explained(error))
    }
  }

  #finished(run: Omit<LastRun, 'endedMs'>): void {
    this.#lastRun = { ...run, endedMs: this.#options.clock.now() }
  }

  /** Begins what is due; sets the source right first where that is needed. */
  async #look(): Promise<void> {
    if (this.#looking || this.#running || this.#isStopping) return
    if (this.#backlogBytes() === undefined) {
      this.#looking = this.#mend()
      await this.#looking
      this.#looking = undefined
    }
    if (this.#running || this.#isStopping || this.#options.clock.monotonic() < this.#pausedUntilMs) return
    const isFull = (this.#backlogBytes() ?? 0) >= this.#options.settings.backupThresholdBytes
    const reason = this.#due ?? (isFull ? 'threshold' : undefined)
    if (reason) void this.#runUnasked(reason)
  }

  /** undefined where the source cannot be looked at. */
  #backlogBytes(): number | undefined {
    const { engine, logger, metrics } = this.#options
    try {
      const bytes = engine.backlogBytes()
      this.#sourceFailure = undefined
      return bytes
    } catch (error) {
      const failure = inWords(error)
      if (failure === this.#sourceFailure) return undefined
      this.#sourceFailure = failure
      metrics.failed(error)
      logger.error({ error }, 'the source cannot be looked at')
      return undefined
    }
  }

  async #mend(): Promise<void> {
    try {
      await this.#options.engine.mend?.()
    } catch (error) {
      this.#options.logger.error({ error }, 'the source cannot be set right')
    }
  }

  /** A run that nobody waits for: what it fails with is in the log, and one that had to come is due again. */
  async #runUnasked(reason: RunReason): Promise<void> {
    this.#due = undefined
    try {
      await this.run({ reason })
    } catch {
      if (reason !== 'threshold') this.#due ??= reason
    }
  }
}
