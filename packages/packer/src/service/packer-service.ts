import { type Clock, messageOf, type Stoppable, type Timer } from '@chronicle/base'
import type { Logger } from '@chronicle/telemetry'
import type { RunReport } from '../archive/contract.ts'
import { packerErrors } from '../errors.ts'
import type { PackerSettings } from '../settings-type.ts'
import type { Engine, LastRun, RetentionReport, RunReason, RunRequest, ServiceStatus } from './contract.ts'
import type { PackerMetrics } from './metrics.ts'
import { DailySchedule } from './schedule.ts'

/** How often the backlog is compared with the threshold. */
const backlogLookMs = 1000
/** After a run that failed, the threshold begins none for this long: what failed may fail again at once. */
const failedPauseMs = 60_000

export type PackerServiceOptions = {
  readonly engine: Engine
  readonly settings: Pick<PackerSettings, 'dailyTime' | 'timezone' | 'backupThresholdBytes'>
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics: PackerMetrics
}

type Running = { reason: RunReason; sinceMs: number; doneBytes: number; totalBytes: number; abort: AbortController }

/** Begins runs when it is time, when the source is full enough, and when somebody asks: one at a time (PS1). */
export class PackerService implements Stoppable {
  readonly #options: PackerServiceOptions
  readonly #schedule: DailySchedule
  readonly #looks: Timer
  readonly #startedMs: number
  #running: Running | undefined
  #current: Promise<unknown> = Promise.resolve()
  #lastRun: LastRun | undefined
  #isStopping = false

  constructor(options: PackerServiceOptions) {
    const { clock, settings } = options
    const { dailyTime, timezone } = settings
    this.#options = options
    this.#startedMs = clock.now()
    this.#schedule = new DailySchedule({ clock, dailyTime, timezone, run: () => void this.#runUnasked('schedule') })
    this.#looks = clock.every(backlogLookMs, () => this.#lookAtBacklog())
  }

  get lastRun(): LastRun | undefined {
    return this.#lastRun
  }

  status(): ServiceStatus {
    return {
      startedMs: this.#startedMs,
      running: this.#progress() ?? null,
      lastRun: this.#lastRun ?? null,
      nextRunMs: this.#schedule.nextMs,
      backlogBytes: this.#backlogBytes() ?? null,
    }
  }

  #progress(): ServiceStatus['running'] | undefined {
    if (!this.#running) return undefined
    const { reason, sinceMs, doneBytes, totalBytes } = this.#running
    return { reason, sinceMs, doneBytes, totalBytes }
  }

  /** One run, from beginning to end. Rejects with 'packer.run-in-progress' where one is under way, and with what the run failed with. */
  run(request: Pick<RunRequest, 'reason' | 'untilDay' | 'dryRun' | 'onProgress'>): Promise<RunReport> {
    if (this.#running) throw packerErrors.create('packer.run-in-progress', { reason: this.#running.reason })
    if (this.#isStopping) throw packerErrors.create('packer.stopping')
    const running: Running = {
      reason: request.reason,
      sinceMs: this.#options.clock.now(),
      doneBytes: 0,
      totalBytes: 0,
      abort: new AbortController(),
    }
    this.#running = running
    const run = this.#runOnce(request, running).finally(() => {
      this.#running = undefined
    })
    this.#current = run.catch(() => undefined)
    return run
  }

  /** Deletes what is past its retention. */
  async cleanUp(): Promise<RetentionReport> {
    const report = await this.#options.engine.deleteExpired()
    if (report.filesDeleted > 0) this.#options.logger.info({ ...report }, 'files past their retention were deleted')
    return report
  }

  /** Ends the run that is under way at the next boundary between files, and begins no more. */
  async stop(): Promise<void> {
    this.#isStopping = true
    this.#schedule.stop()
    this.#looks.cancel()
    this.#running?.abort.abort()
    await this.#current
  }

  async #runOnce(request: Parameters<PackerService['run']>[0], running: Running): Promise<RunReport> {
    const { engine, metrics } = this.#options
    const { reason } = request
    try {
      const report = await engine.run({
        ...request,
        signal: running.abort.signal,
        onProgress: progress => {
          Object.assign(running, progress)
          request.onProgress?.(progress)
        },
      })
      if (request.dryRun) return report
      this.#finished({ reason, report, failures: 0 })
      metrics.ran(report)
      logRun(this.#options.logger, report)
      await this.cleanUp()
      return report
    } catch (error) {
      if (!request.dryRun) {
        this.#finished({ reason, failure: messageOf(error), failures: (this.#lastRun?.failures ?? 0) + 1 })
        metrics.failed(error)
      }
      throw error
    }
  }

  #finished(run: Omit<LastRun, 'endedMs'>): void {
    this.#lastRun = { ...run, endedMs: this.#options.clock.now() }
  }

  #lookAtBacklog(): void {
    const { clock, settings } = this.#options
    const isPausing = (this.#lastRun?.failures ?? 0) > 0 && clock.now() - this.#lastRun!.endedMs < failedPauseMs
    if (this.#running || isPausing) return
    if ((this.#backlogBytes() ?? 0) >= settings.backupThresholdBytes) void this.#runUnasked('threshold')
  }

  /** undefined where the source cannot be asked: health says why. */
  #backlogBytes(): number | undefined {
    try {
      return this.#options.engine.backlogBytes()
    } catch {
      return undefined
    }
  }

  /** A run that nobody waits for: what it fails with is logged. */
  async #runUnasked(reason: RunReason): Promise<void> {
    if (this.#running || this.#isStopping) return
    try {
      await this.run({ reason })
    } catch (error) {
      this.#options.logger.error({ error, reason }, 'a run failed; what was read stays in its source')
    }
  }
}

function logRun(logger: Logger, report: RunReport): void {
  const ends = {
    drained: 'run finished',
    'time-limit': 'run ended by scheduling.max_processing_time; the rest stays in its source',
    stopped: 'run stopped; the rest stays in its source',
  } as const
  logger.info(
    {
      events_processed: report.eventsProcessed,
      files_created: report.filesCreated,
      bytes_processed: report.bytesProcessed,
      duration_ms: Math.round(report.durationMs),
      events_failed: report.eventsFailed,
      duplicates: report.duplicates,
      out_of_order: report.outOfOrder,
      frames: report.frames,
      ended: report.ended,
    },
    ends[report.ended],
  )
}
