import { messageOf, type Stoppable, type Timer } from '@chronicle/base'
import type { Health } from '@chronicle/telemetry'
import { Attempts } from './attempts.ts'
import { BatchDue } from './batch-due.ts'
import { observeErrors } from './errors.ts'
import { type EventBatch, EventReader } from './log/event-reader.ts'
import { FollowedPartitions } from './log/followed.ts'
import { dropOldest } from './log/overflow.ts'
import type { BatchLimits } from './log/read-batch.ts'
import { eventsTopic, projectedTopics } from './log/topics.ts'
import type { ProjectorOptions, ProjectorSettings, ProjectorStatus, WrittenBatch } from './projector-contract.ts'
import { ProjectorMetrics } from './projector-metrics.ts'

/** One transaction, whatever has gathered: larger than the threshold, so that a backlog is caught up with. */
const batchLimits: BatchLimits = { eventsMax: 10_000, bytesMax: 8 * 1024 * 1024 }
/** A topic that is made is read from at most so much later. */
const refreshMs = 1_000
/** Tables that lost commits while nothing came are found out after so long. */
const askAgainMs = 600_000
/** What waits at a stop is written within this time, or stays in the log for the next start. */
const drainMsMax = 5_000
/** Alerts about the buffer are cleared below this part of it: they would come and go at the limit. */
const calmBelow = 0.5

/**
 * Brings events from the log to the tables: a batch when it is due, one at a time, with the positions behind it in the same transaction (OL3). A batch that
 * fails is kept and tried again until it is written; the log holds what comes meanwhile.
 */
export class Projector implements Stoppable {
  readonly #options: ProjectorOptions
  readonly #followed: FollowedPartitions
  readonly #reader: EventReader
  readonly #due: BatchDue
  readonly #attempts: Attempts
  readonly #metrics: ProjectorMetrics
  readonly #refreshing: Timer
  readonly #askingAgain: Timer
  readonly #running: Promise<void>
  readonly #listeners = new Set<(written: WrittenBatch) => void>()
  /** Ends when the step or the pause that runs does. */
  #turn: Promise<unknown> = Promise.resolve()
  /** Those who wait for {@link Projector.whilePaused}. */
  #pausesAsked = 0
  #isStopping = false
  #isStopped = false
  /** The tables were asked how far they are. */
  #wasPlaced = false

  /** Begins to follow the log at once. The tables are asked how far they are when there is something to read. */
  constructor(options: ProjectorOptions) {
    const { log, clock, logger, registry, settings, health } = options
    this.#options = options
    const onAdvance = (): void => this.#advanced()
    this.#metrics = new ProjectorMetrics(registry, () => this.status.lag)
    this.#due = new BatchDue({ clock, threshold: settings.flushThreshold, intervalMs: settings.flushIntervalMs })
    this.#attempts = new Attempts({ ...options, onFailure: () => this.#metrics.failed() })
    this.#followed = new FollowedPartitions({ log, topics: projectedTopics, logger, onAdvance })
    const onExpired = (topic: string, records: number): void => this.#metrics.expired(topic, records)
    this.#reader = new EventReader({ ...options, followed: this.#followed, onExpired, onRested: onAdvance })
    this.#refreshing = clock.every(refreshMs, () => this.refresh())
    this.#askingAgain = clock.every(askAgainMs, () => {
      if (this.#wasPlaced) this.#askAgain()
    })
    registerHealth(health, () => this.status)
    this.#advanced()
    this.#running = this.#run()
  }

  get status(): ProjectorStatus {
    const lag: Record<string, number> = {}
    for (const { partition, waiting } of this.#followed) lag[partition.topic] = (lag[partition.topic] ?? 0) + waiting
    const { failuresInARow, reason } = this.#attempts
    return {
      state: this.#state(),
      bufferSize: this.#followed.waiting,
      bufferMaxSize: this.#options.settings.bufferEventsMax,
      lag,
      failuresInARow,
      ...(reason === undefined ? {} : { reason }),
    }
  }

  /** Events that came through the intake and are not in the tables: what the intake goes by. */
  get takenWaiting(): number {
    let events = 0
    for (const { partition, waiting } of this.#followed) if (partition.topic === eventsTopic) events += waiting
    return events
  }

  /** The intake had to refuse events for want of room: what waits goes to the tables at once. */
  refused(): void {
    const { alerts, settings } = this.#options
    this.#due.now()
    const { waiting } = this.#followed
    // A single large request may find no room although there is much: that is no alert.
    if (waiting > settings.bufferEventsMax * calmBelow) alerts.raise('buffer_full', bufferFact(waiting, settings))
  }

  /** Calls `listener` after each batch that was written. Returns how to stop that. */
  subscribe(listener: (written: WrittenBatch) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** Looks for topics that are new. It happens by itself too, so that clients of Kafka may make them. */
  refresh(): void {
    if (this.#isStopping) return
    this.#followed.refresh()
    this.#advanced()
  }

  /**
   * Runs `work` while nothing is written; the tables may be others afterwards, and are asked again how far they are. A batch that fails is not tried again before: it may
   * fail until the work is done (OR6).
   */
  whilePaused<T>(work: () => Promise<T>): Promise<T> {
    this.#pausesAsked++
    this.#attempts.yield()
    return this.#exclusively(async () => {
      if (--this.#pausesAsked === 0) this.#attempts.resume()
      try {
        return await work()
      } finally {
        this.#askAgain()
      }
    })
  }

  /** Writes what is in the log, as far as the tables take it within {@link drainMsMax}. What is left is written after the next start. */
  async stop(): Promise<void> {
    const { clock, logger } = this.#options
    this.#isStopping = true
    this.#attempts.end()
    this.#due.now()
    const late = Promise.withResolvers<void>()
    const timer = clock.after(drainMsMax, late.resolve)
    await Promise.race([this.#running, late.promise])
    timer.cancel()
    this.#refreshing.cancel()
    this.#askingAgain.cancel()
    const { waiting } = this.#followed
    if (waiting > 0)
      logger.warn({ events: waiting }, 'events that are not in the tables yet are written after the next start')
    this.#followed.close()
  }

  async #run(): Promise<void> {
    while (!this.#isStopping) {
      await this.#due.next()
      if (!this.#isStopping) await this.#exclusively(() => this.#step())
    }
    const deadline = this.#options.clock.monotonic() + drainMsMax
    const isInTime = (): boolean => this.#options.clock.monotonic() < deadline
    // Tables that were not needed until now are not opened for a stop.
    const isLeft = (): boolean => this.#reader.isAhead || this.#followed.unread > 0
    while (this.#wasPlaced && isLeft() && isInTime()) {
      if (!(await this.#exclusively(() => this.#step()))) break
    }
    this.#isStopped = true
  }

  /** Writes one batch. False when nothing was written. */
  async #step(): Promise<boolean> {
    if (!this.#followed.isPlaced && !(await this.#place())) return false
    this.#dropSurplus()
    const batch = await this.#reader.next(batchLimits)
    this.#due.taken(this.#followed.unread)
    if (batch.positions.length === 0) return false
    const { overflow } = this.#options.settings
    // What was read ahead could not be dropped any more, and would be counted as if it were.
    if (overflow === 'back-pressure' && this.#followed.unread >= batchLimits.eventsMax)
      this.#reader.readAhead(batchLimits)
    return this.#write(batch)
  }

  async #write(batch: EventBatch): Promise<boolean> {
    const { writer, deadLetters, clock } = this.#options
    const positions = this.#followed.movesTo(batch.positions)
    const startedAt = clock.monotonic()
    const report = await this.#attempts.untilDone(async () => {
      // Before the position moves past them (OL6).
      await deadLetters.add(batch.refused)
      return writer.write({ events: batch.events, positions })
    }, arePositionsMoved)
    if (report === undefined) {
      // A later batch would pass over this one; and the tables may be elsewhere by now.
      this.#askAgain()
      return false
    }
    this.#followed.written(batch.positions)
    this.#metrics.written(batch.events.length, report, clock.monotonic() - startedAt)
    this.#checkBuffer()
    this.#tell({ events: batch.events, report })
    return true
  }

  /** What was read and not written is forgotten then, and reading goes on from where the tables are (OD11). */
  #askAgain(): void {
    this.#followed.unplace()
    this.#due.now()
  }

  #tell(written: WrittenBatch): void {
    for (const listener of this.#listeners) {
      try {
        listener(written)
      } catch (error) {
        this.#options.logger.error({ reason: messageOf(error) }, 'a listener of the projector failed')
      }
    }
  }

  async #place(): Promise<boolean> {
    const positions = await this.#attempts.untilDone(() => this.#options.writer.positions())
    await this.#reader.forget()
    if (positions === undefined) return false
    this.#followed.place(positions)
    this.#wasPlaced = true
    return true
  }

  #dropSurplus(): void {
    const { overflow, bufferEventsMax } = this.#options.settings
    const dropped = overflow === 'drop-oldest' ? dropOldest(this.#followed, bufferEventsMax) : 0
    if (dropped === 0) return
    this.#metrics.dropped(dropped)
    this.#options.alerts.raise('events_dropped', `${dropped} events at once`)
  }

  #advanced(): void {
    this.#due.update(this.#followed.unread)
    this.#checkBuffer()
  }

  #checkBuffer(): void {
    const { alerts, settings } = this.#options
    const { waiting } = this.#followed
    if (waiting > settings.bufferEventsMax && settings.overflow === 'back-pressure') {
      alerts.raise('buffer_full', bufferFact(waiting, settings))
    } else if (waiting <= settings.bufferEventsMax * calmBelow) {
      for (const name of ['buffer_full', 'events_dropped', 'records_expired'] as const) alerts.clear(name)
    }
  }

  #state(): ProjectorStatus['state'] {
    if (this.#isStopped) return 'stopped'
    if (this.#attempts.failuresInARow > 0) return 'retrying'
    return this.#followed.isPlaced ? 'running' : 'waiting'
  }

  /** One after the other: steps, and what has to have the tables for itself. */
  #exclusively<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work)
    this.#turn = done.catch(() => undefined)
    return done
  }
}

const arePositionsMoved = (error: unknown): boolean =>
  observeErrors.is(error) && error.code === 'observe.positions-moved'

const bufferFact = (waiting: number, { bufferEventsMax }: ProjectorSettings): string =>
  `${waiting} events wait, at most ${bufferEventsMax} are to`

function registerHealth(health: Health, status: () => ProjectorStatus): void {
  health.register('observe', () => {
    const { state, reason, bufferSize, bufferMaxSize } = status()
    if (state === 'retrying')
      return { status: 'warn', reason: `The tables do not take events, the log keeps them: ${reason}` }
    if (bufferSize > bufferMaxSize) return { status: 'warn', reason: `${bufferSize} events wait for the tables` }
    return { status: 'pass', reason: `${bufferSize} events wait for the tables` }
  })
}
