/** Stores groups of events: one transaction each, which puts every event into a block of the window that it joins. */
import type { Clock, Random } from '@chronicle/base'
import type { PendingEvent } from '../event/check.ts'
import { runsOf } from '../event/run.ts'
import { uuidToBytes } from '../event/uuid.ts'
import { type WindowShape, windowJoined } from '../windows/assignment.ts'
import type { CaptureDatabase } from './database.ts'
import { type BlockRow, EventBlocks } from './event-blocks.ts'
import type { PayloadKeys } from './payload-keys.ts'
import { Positions, type SourcePosition } from './positions.ts'
import { type WindowKey, WindowRows } from './window-rows.ts'

/** Events that are stored together. */
export type EventGroup = {
  readonly events: readonly PendingEvent[]
  readonly positions: readonly SourcePosition[]
}

/** What became of a group. */
export type Stored = { readonly blocks: number; readonly lateEvents: number }

/** A power cut takes at most what was stored in the last so many milliseconds; the end of the process takes nothing that was stored. */
const syncMsMax = 1_000

export type EventStoreOptions = {
  readonly database: CaptureDatabase
  readonly keys: PayloadKeys
  readonly shape: WindowShape
  readonly clock: Clock
  readonly random: Random
  /** Told of the blocks of each window once they are stored; their payloads are runs, not packed. */
  onStored?(window: WindowKey, blocks: readonly BlockRow[]): void
}

type Bucket = {
  readonly sessionId: Buffer
  readonly start: number
  readonly events: PendingEvent[]
  readonly blocks: BlockRow[]
}

export class EventStore {
  readonly blocks: EventBlocks
  readonly windows: WindowRows
  readonly positions: Positions
  readonly #options: EventStoreOptions
  #syncedMs = Number.NEGATIVE_INFINITY

  constructor(options: EventStoreOptions) {
    this.#options = options
    this.blocks = new EventBlocks(options.database, options.random)
    this.windows = new WindowRows(options.database)
    this.positions = new Positions(options.database)
  }

  /** All of the group, or nothing of it (CE4). Throws `DatabaseError`. */
  store(group: EventGroup): Stored {
    const { database, clock, onStored } = this.#options
    const isSyncDue = clock.monotonic() - this.#syncedMs >= syncMsMax
    database.checkInPlace()
    const insert = () => this.#insert(group)
    const { buckets, stored } = isSyncDue ? database.durably(insert) : database.transaction(insert)
    if (isSyncDue) this.#syncedMs = clock.monotonic()
    for (const bucket of buckets) onStored?.(bucket, bucket.blocks)
    return stored
  }

  #insert({ events, positions }: EventGroup): { buckets: readonly Bucket[]; stored: Stored } {
    let blocks = 0
    let lateEvents = 0
    const buckets = [...this.#openBuckets(events)]
    for (const bucket of buckets) {
      const late = bucket.events.reduce((count, { timestamp }) => (timestamp < bucket.start ? count + 1 : count), 0)
      this.windows.add(bucket, bucket.start + this.#options.shape.windowMs, bucket.events.length, late)
      for (const run of runsOf(inOrder(bucket.events))) {
        bucket.blocks.push(this.blocks.insert(bucket, run, this.#options.keys.current))
        blocks++
      }
      lateEvents += late
    }
    for (const position of positions) this.positions.advance(position)
    return { buckets, stored: { blocks, lateEvents } }
  }

  /** The events by session and by the window that still takes them. */
  #openBuckets(events: readonly PendingEvent[]): Iterable<Bucket> {
    const { shape } = this.#options
    const open = new Map<string, Bucket>()
    for (const bucket of bucketsOf(events, shape)) {
      // CW3: what is closed stays as it is.
      const start = this.windows.openFrom(bucket.sessionId, bucket.start, shape.windowMs)
      const key = `${bucket.sessionId.toString('hex')} ${start}`
      const held = open.get(key)
      if (held) for (const event of bucket.events) held.events.push(event)
      else open.set(key, { ...bucket, start })
    }
    return open.values()
  }
}

/** By session and by the window that each joins by the clock. Events that follow each other mostly join the same. */
function bucketsOf(events: readonly PendingEvent[], shape: WindowShape): Iterable<Bucket> {
  const buckets = new Map<string, Bucket>()
  let last: { bucket: Bucket; session: string } | undefined
  for (const event of events) {
    const start = windowJoined(event.timestamp, event.receivedMs, shape)
    if (last === undefined || last.session !== event.sessionId || last.bucket.start !== start) {
      const key = `${event.sessionId} ${start}`
      let bucket = buckets.get(key)
      if (bucket === undefined) {
        bucket = { sessionId: uuidToBytes(event.sessionId), start, events: [], blocks: [] }
        buckets.set(key, bucket)
      }
      last = { bucket, session: event.sessionId }
    }
    last.bucket.events.push(event)
  }
  return buckets.values()
}

/** By time; events of the same millisecond in the order in which they came. */
function inOrder(events: PendingEvent[]): PendingEvent[] {
  const isInOrder = events.every((event, at) => at === 0 || events[at - 1]!.timestamp <= event.timestamp)
  return isInOrder ? events : events.sort((a, b) => a.timestamp - b.timestamp)
}
