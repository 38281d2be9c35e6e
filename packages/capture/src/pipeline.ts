/** The way of the events, put together: receiver, store, windows, delivery. Everything that a crash left is taken up again when it opens. */
import { ChronicleError, type Clock, messageOf, type Random } from '@chronicle/base'
import type { CheckResult, Logger, Registry } from '@chronicle/telemetry'
import type { Disk } from '@chronicle/wal'
import type { BusMessage, EventBatch } from './contract.ts'
import { Loop } from './loop.ts'
import { countBy, type EventCounts, newEventCounts } from './receiver/counters.ts'
import { GroupCommit } from './receiver/group-commit.ts'
import { groupOf, PendingQueue, type QueueLimits } from './receiver/pending-queue.ts'
import { Receiver, type ScreenshotDoor } from './receiver/receiver.ts'
import { Spill } from './receiver/spill.ts'
import { Aggregates } from './store/aggregates.ts'
import type { CaptureDatabase } from './store/database.ts'
import { EventStore } from './store/event-store.ts'
import type { PayloadKeys } from './store/payload-keys.ts'
import type { SourcePosition } from './store/positions.ts'
import { Retention, type RetentionDays, retentionEveryMs, retentionFirstMs } from './store/retention.ts'
import type { WindowKey } from './store/window-rows.ts'
import type { WindowShape } from './windows/assignment.ts'
import type { ScreenshotReferences } from './windows/batch.ts'
import { Builder } from './windows/builder.ts'
import { Closer } from './windows/closer.ts'
import { Delivery } from './windows/delivery.ts'
import { type BatchConsumer, unansweredMax } from './windows/handover.ts'
import { KeptWindows } from './windows/kept-windows.ts'
import { type MergeLimits, mergeLimits } from './windows/merge.ts'

const MiB = 1024 * 1024

export type PipelineLimits = QueueLimits & {
  /** Bytes of the spill on the disk. */
  readonly spillBytesMax: number
  /** A repetition among so many ids is found. */
  readonly recentIdsMin: number
  /** How long the consumer may take for one batch. */
  readonly deliveryMsMax: number
}

export const pipelineLimits: PipelineLimits = {
  queueEventsMax: 20_000,
  queueBytesMax: 16 * MiB,
  spillBytesMax: 1024 * MiB,
  recentIdsMin: 16_384,
  deliveryMsMax: 30_000,
}

export type PipelineOptions = {
  readonly database: CaptureDatabase
  readonly keys: PayloadKeys
  /** Of the spill, and of nothing else. */
  readonly spillDirectory: string
  readonly disk: Disk
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly registry: Registry
  readonly shape: WindowShape
  /** A gap without keys, clicks and movements counts as idle from here on. */
  readonly idleAfterMs: number
  readonly retention: RetentionDays
  readonly consumer: BatchConsumer
  readonly screenshots?: { readonly door: ScreenshotDoor; readonly references: ScreenshotReferences }
  readonly limits?: Partial<PipelineLimits>
  readonly mergeLimits?: MergeLimits
  /** Told of each window once it is closed. */
  onWindowClosed?(window: WindowKey & { readonly end: number }): void
  onBatchDelivered?(batch: EventBatch): void
}

/** What health says of the way of the events. */
export type PipelineHealth = {
  readonly store: CheckResult
  readonly spill: CheckResult
  readonly delivery: CheckResult
}

export class Pipeline {
  readonly counts: EventCounts
  readonly #parts: Parts

  private constructor(parts: Parts) {
    this.#parts = parts
    this.counts = parts.counts
  }

  /** Rejects with `DatabaseError` and with the errors of the spill's log. */
  static async open(options: PipelineOptions): Promise<Pipeline> {
    const parts = await makeParts(options)
    parts.closer.closeOfOtherWidth()
    parts.commit.start()
    parts.building.wake()
    parts.delivering.wake()
    parts.retaining.wake()
    return new Pipeline(parts)
  }

  /** Takes an event from a publisher that does not wait. Never throws. */
  receive(message: BusMessage): void {
    this.#parts.receiver.receive(message)
  }

  /** Takes an event from a source that can be read again; resolves when the next one may come. */
  receiveFrom(message: BusMessage, next: SourcePosition): Promise<void> {
    return this.#parts.receiver.receiveFrom(message, next)
  }

  /** Where a source goes on: everything before is stored, or waits on the disk. */
  positionOf(source: string, partition: number): number {
    const { spill, store } = this.#parts
    return Math.max(spill.positionOf(source, partition) ?? 0, store.positions.of(source, partition) ?? 0)
  }

  /** Resolves once everything that was received is stored. */
  flushed(): Promise<void> {
    return this.#parts.commit.flushed()
  }

  /** How much waits, and where. */
  waiting(): { queueEvents: number; queueBytes: number; spillEvents: number; spillBytes: number; unanswered: number } {
    const { queue, spill, delivery } = this.#parts
    return {
      queueEvents: queue.length,
      queueBytes: queue.bytes,
      spillEvents: spill.events,
      spillBytes: spill.bytes,
      unanswered: delivery.unanswered,
    }
  }

  health(): PipelineHealth {
    const { commit, building, delivering, retaining, spill, delivery, counts } = this.#parts
    const storeFailure = commit.failure ?? building.failure ?? retaining.failure
    const isSilent = delivery.unanswered >= unansweredMax
    const silent = `${unansweredMax} batches are out without an answer: the program that takes them has to answer or refuse`
    const lost = counts.lost.get('no-room') ?? 0
    return {
      store: storeFailure ? failed(storeFailure) : passed,
      spill: spill.hindrance ? failed(spill.hindrance) : lost > 0 ? warned(`${lost} events found no room`) : passed,
      delivery: isSilent ? warned(silent) : delivering.failure ? failed(delivering.failure) : passed,
    }
  }

  /** Stores what was received, or leaves it in the spill where that does not succeed within `withinMs`. The database stays open. */
  async stop(withinMs: number): Promise<void> {
    const { receiver, commit, building, delivering, retaining, delivery, spill, options, timers } = this.#parts
    for (const timer of timers) timer.cancel()
    await receiver.stop()
    const late = Promise.withResolvers<void>()
    const timer = options.clock.after(withinMs, late.resolve)
    await Promise.race([commit.flushed(), late.promise])
    timer.cancel()
    this.#keep(await commit.stop())
    delivery.stop()
    await Promise.all([building.stop(), delivering.stop(), retaining.stop()])
    await spill.close()
  }

  /** What could not be stored waits on the disk for the next start. */
  #keep(inHand: Awaited<ReturnType<GroupCommit['stop']>>): void {
    const { queue, spill, counts, options } = this.#parts
    const left = groupOf(queue.peek(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY))
    const groups = [inHand, left].filter(group => group !== undefined && group.events.length > 0)
    for (const group of groups as (typeof left)[]) {
      try {
        spill.append(group)
      } catch (error) {
        countBy(counts.lost, 'no-room', group.events.length)
        options.logger.error(
          { events: group.events.length, error },
          'events were lost at the stop: neither database nor spill took them',
        )
      }
    }
  }
}

type Parts = Awaited<ReturnType<typeof makeParts>>

async function makeParts(options: PipelineOptions) {
  const { database, keys, clock, random, logger, shape } = options
  const limits = { ...pipelineLimits, ...options.limits }
  const counts = newEventCounts()
  const say = sayings(options, counts)
  const store = new EventStore({ database, keys, shape, clock, random })
  const spill = await Spill.open({
    directory: options.spillDirectory,
    disk: options.disk,
    registry: options.registry,
    positions: store.positions,
    spillBytesMax: limits.spillBytesMax,
    clock,
    random,
    logger,
    keys,
  })
  const windows = makeWindows(options, limits, store, counts, say)
  const queue = new PendingQueue(limits)
  const commit: GroupCommit = new GroupCommit({
    queue,
    spill,
    store,
    closer: windows.closer,
    keys,
    clock,
    counts,
    arrivingMs: () => receiver.arrivingMs,
    onFailure: say.failure('storing'),
    onUnreadable: say.unreadable,
  })
  const receiver: Receiver = new Receiver({
    queue,
    spill,
    commit,
    screenshots: options.screenshots?.door,
    recentIdsMin: limits.recentIdsMin,
    clock,
    counts,
    onRefused: say.refused,
    onNoRoom: say.noRoom,
  })
  return { options, counts, store, spill, queue, commit, receiver, ...windows }
}

/** What happens to windows once their events are stored. */
function makeWindows(
  options: PipelineOptions,
  limits: PipelineLimits,
  { windows, blocks }: EventStore,
  counts: EventCounts,
  say: ReturnType<typeof sayings>,
) {
  const { database, keys, clock, shape } = options
  const aggregates = new Aggregates(database)
  const shared = {
    database,
    windows,
    blocks,
    keys,
    kept: new KeptWindows(),
    mergeLimits: options.mergeLimits ?? mergeLimits,
  }
  const delivery = new Delivery({
    ...shared,
    clock,
    consumer: options.consumer,
    deliveryMsMax: limits.deliveryMsMax,
    screenshots: options.screenshots?.references ?? (() => []),
    onDelivered: say.delivered,
    onFailed: say.notDelivered,
  })
  const delivering = new Loop({ clock, step: () => delivery.deliverNext(), onFailure: say.failure('delivering') })
  const builder = new Builder({
    ...shared,
    aggregates,
    idleAfterMs: options.idleAfterMs,
    breathe: () => new Promise(resolve => void clock.after(0, resolve)),
    onBuilt: () => {
      counts.windowsBuilt++
      delivering.wake()
    },
    onLost: say.unreadable,
  })
  const building = new Loop({ clock, step: () => builder.buildNext(), onFailure: say.failure('building windows') })
  const closer = new Closer({
    database,
    windows,
    shape,
    clock,
    onClosed: window => {
      options.onWindowClosed?.(window)
      building.wake()
    },
  })
  const retention = new Retention({ database, aggregates, days: options.retention, onExpired: say.expired })
  const startedMs = clock.monotonic()
  const retaining = new Loop({
    clock,
    step: async () => {
      const waitMs = startedMs + retentionFirstMs - clock.monotonic()
      return waitMs > 0 ? waitMs : retention.step(clock.now())
    },
    onFailure: say.failure('removing what is past its time'),
  })
  const timers = [clock.every(retentionEveryMs, () => retaining.wake())]
  return { aggregates, delivery, delivering, building, closer, retaining, timers }
}

/** What is logged and counted of what goes wrong, in words that hold nothing of an event. */
function sayings({ logger, onBatchDelivered }: PipelineOptions, counts: EventCounts) {
  return {
    failure: (what: string) => (error: unknown) => logger.warn({ error }, `${what} failed, and is tried again`),
    refused: (reason: string) => logger.debug({ reason }, 'an event was refused'),
    noRoom: (error: Error | undefined) => logger.debug({ error }, 'an event found no room'),
    unreadable: (events: number, error: unknown) => {
      countBy(counts.lost, 'unreadable', events)
      logger.error({ events, error }, 'stored events cannot be read any more')
    },
    expired: (events: number) => {
      countBy(counts.lost, 'expired', events)
      logger.error({ events }, 'events were removed past their time before their batch was taken')
    },
    delivered: (batch: EventBatch) => {
      counts.batchesDelivered++
      onBatchDelivered?.(batch)
    },
    notDelivered: (batch: string, error: unknown) => {
      counts.deliveriesFailed++
      logger.warn({ batch, error }, 'a batch was not taken, and is sent again')
    },
  }
}

const passed: CheckResult = { status: 'pass', reason: 'events are stored as they come' }

function warned(reason: string): CheckResult {
  return { status: 'warn', reason }
}

function failed(error: unknown): CheckResult {
  const remedy = error instanceof ChronicleError ? ` ${error.remedy}` : ''
  return { status: 'fail', reason: `${messageOf(error)}.${remedy}` }
}
