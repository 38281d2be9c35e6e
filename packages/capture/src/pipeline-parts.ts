/** The parts of the way of the events, made and tied together. */
import type { Clock, Random } from '@chronicle/base'
import type { Logger, Registry } from '@chronicle/telemetry'
import type { Disk } from '@chronicle/wal'
import { isRound } from './is-round.ts'
import { Loop } from './loop.ts'
import { countBy, type EventCounts, newEventCounts } from './receiver/counters.ts'
import { GroupCommit } from './receiver/group-commit.ts'
import { PendingQueue, type QueueLimits } from './receiver/pending-queue.ts'
import { Receiver, type ScreenshotDoor } from './receiver/receiver.ts'
import { Spill } from './receiver/spill.ts'
import { Aggregates } from './store/aggregates.ts'
import type { CaptureDatabase } from './store/database.ts'
import type { EventBlocks } from './store/event-blocks.ts'
import { EventStore } from './store/event-store.ts'
import type { PayloadKeys } from './store/payload-keys.ts'
import { Retention, type RetentionDays, retentionEveryMs, retentionFirstMs } from './store/retention.ts'
import type { WindowRows } from './store/window-rows.ts'
import type { WindowShape } from './windows/assignment.ts'
import type { ScreenshotReferences } from './windows/batch.ts'
import { Builder } from './windows/builder.ts'
import { Closer } from './windows/closer.ts'
import { Delivery } from './windows/delivery.ts'
import type { BatchConsumer } from './windows/handover.ts'
import { KeptWindows } from './windows/kept-windows.ts'
import { type MergeLimits, mergeLimits } from './windows/merge.ts'
import { RecentWindows } from './windows/recent-windows.ts'

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
}

/** Everything on the way, made and not started. */
export async function makeParts(options: PipelineOptions) {
  const { database, keys, clock, random, shape } = options
  const limits = { ...pipelineLimits, ...options.limits }
  const counts = newEventCounts()
  const say = sayings(options, counts)
  const recent = new RecentWindows()
  const onStored = recent.add.bind(recent)
  const store = new EventStore({ database, keys, shape, clock, random, onStored })
  const spill = await openSpill(options, limits, store)
  const shared: Shared = {
    database,
    windows: store.windows,
    blocks: store.blocks,
    keys,
    clock,
    recent,
    kept: new KeptWindows(),
    mergeLimits: options.mergeLimits ?? mergeLimits,
  }
  const aggregates = new Aggregates(database)
  const { delivery, delivering } = makeDelivering(options, limits, shared, say)
  const building = makeBuilding(options, shared, aggregates, say, () => {
    counts.windowsBuilt++
    delivering.wake()
  })
  const closer = makeCloser(options, shared, building)
  const arriving = makeArriving(options, limits, { store, spill, closer, counts, say })
  const { retaining, timers } = makeRetaining(options, aggregates, say)
  return { options, counts, store, spill, ...arriving, closer, building, delivery, delivering, retaining, timers }
}

export type PipelineParts = Awaited<ReturnType<typeof makeParts>>

/** What all that works on windows needs. */
type Shared = {
  readonly database: CaptureDatabase
  readonly windows: WindowRows
  readonly blocks: EventBlocks
  readonly keys: PayloadKeys
  readonly clock: Clock
  readonly recent: RecentWindows
  readonly kept: KeptWindows
  readonly mergeLimits: MergeLimits
}

type Sayings = ReturnType<typeof sayings>

function openSpill(
  options: PipelineOptions,
  { spillBytesMax }: PipelineLimits,
  { positions }: EventStore,
): Promise<Spill> {
  const { disk, registry, clock, random, logger, keys } = options
  return Spill.open({
    directory: options.spillDirectory,
    disk,
    registry,
    positions,
    spillBytesMax,
    clock,
    random,
    logger,
    keys,
  })
}

/** From the publishers into the store. */
function makeArriving(
  { clock, random, keys, screenshots }: PipelineOptions,
  limits: PipelineLimits,
  parts: { store: EventStore; spill: Spill; closer: Closer; counts: EventCounts; say: Sayings },
) {
  const { say, ...shared } = { ...parts, clock, queue: new PendingQueue(limits) }
  const commit: GroupCommit = new GroupCommit({
    ...shared,
    keys,
    arrivingMs: () => receiver.arrivingMs,
    onFailure: say.failure('storing'),
    onUnreadable: say.unreadable,
  })
  const receiver: Receiver = new Receiver({
    ...shared,
    random,
    commit,
    screenshots: screenshots?.door,
    recentIdsMin: limits.recentIdsMin,
    onRefused: say.refused,
    onNoRoom: say.noRoom,
  })
  return { queue: shared.queue, commit, receiver }
}

function makeCloser({ shape }: PipelineOptions, shared: Shared, building: Loop): Closer {
  return new Closer({ ...shared, shape, onClosed: () => building.wake() })
}

function makeBuilding(
  { clock, idleAfterMs }: PipelineOptions,
  shared: Shared,
  aggregates: Aggregates,
  say: Sayings,
  onBuilt: () => void,
): Loop {
  const breathe = () => new Promise<void>(resolve => void clock.after(0, resolve))
  const builder = new Builder({ ...shared, aggregates, idleAfterMs, breathe, onBuilt, onLost: say.unreadable })
  return new Loop({ clock, step: () => builder.buildNext(), onFailure: say.failure('building windows') })
}

function makeDelivering(
  { clock, consumer, screenshots }: PipelineOptions,
  limits: PipelineLimits,
  shared: Shared,
  say: Sayings,
) {
  const delivery = new Delivery({
    ...shared,
    consumer,
    deliveryMsMax: limits.deliveryMsMax,
    screenshots: screenshots?.references ?? (() => []),
    onDelivered: say.delivered,
    onFailed: say.notDelivered,
  })
  const delivering = new Loop({ clock, step: () => delivery.deliverNext(), onFailure: say.failure('delivering') })
  return { delivery, delivering }
}

function makeRetaining({ database, clock, retention: days }: PipelineOptions, aggregates: Aggregates, say: Sayings) {
  const retention = new Retention({ database, aggregates, days, onExpired: say.expired })
  const startedMs = clock.monotonic()
  const retaining = new Loop({
    clock,
    step: async () => {
      const waitMs = startedMs + retentionFirstMs - clock.monotonic()
      return waitMs > 0 ? waitMs : retention.step(clock.now())
    },
    onFailure: say.failure('removing what is past its time'),
  })
  return { retaining, timers: [clock.every(retentionEveryMs, () => retaining.wake())] }
}

/** What is logged and counted of what goes wrong, in words that hold nothing of an event. */
function sayings({ logger }: PipelineOptions, counts: EventCounts) {
  return {
    failure: (what: string) => (error: unknown) => logger.warn({ error }, `${what} failed, and is tried again`),
    refused: (reason: string, refused: number) => {
      if (isRound(refused)) logger.warn({ reason, refused }, 'an event was refused')
    },
    noRoom: (error: Error | undefined) => {
      const lost = counts.lost.get('no-room') ?? 0
      if (isRound(lost)) logger.error({ lost, error }, 'an event was turned away: memory and spill are full')
    },
    unreadable: (events: number, error: unknown) => {
      countBy(counts.lost, 'unreadable', events)
      logger.error({ events, error }, 'stored events cannot be read any more')
    },
    expired: (events: number) => {
      countBy(counts.lost, 'expired', events)
      logger.error({ events }, 'events were removed past their time before their batch was taken')
    },
    delivered: () => {
      counts.batchesDelivered++
    },
    notDelivered: (batch: string, error: unknown, inARow: number) => {
      counts.deliveriesFailed++
      if (isRound(inARow)) logger.warn({ batch, error, inARow }, 'a batch was not taken, and is sent again')
    },
  }
}
