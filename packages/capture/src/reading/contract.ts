/** What is read of a database of capture. Times are milliseconds since the epoch, ids UUIDs in lower case. */
import type { EventBatch, JsonObject, WindowAggregates } from '../contract.ts'
import type { ShotAbout, ShotRecord } from '../screenshots/index.ts'

/** From `fromMs` up to, and without, `toMs`; everything where they are left out. */
export type ReadRange = {
  readonly fromMs?: number | undefined
  readonly toMs?: number | undefined
  readonly sessionId?: string | undefined
}

export const windowStateNames = ['open', 'closed', 'built', 'delivered'] as const
export type WindowState = (typeof windowStateNames)[number]

/** Windows of which any moment lies in the range. */
export type WindowFilter = ReadRange & { readonly state?: WindowState | undefined }

export type WindowRecord = {
  readonly windowId: string
  readonly sessionId: string
  readonly startMs: number
  readonly endMs: number
  readonly state: WindowState
  readonly events: number
  readonly lateEvents: number
  /** Batches that it is sent in; undefined until it is built. */
  readonly parts: number | undefined
  readonly partsDelivered: number
  /** Deliveries of the next part that failed. */
  readonly attempts: number
  /** Undefined until it is built. */
  readonly counts: EventBatch['counts'] | undefined
  readonly aggregates: WindowAggregates | undefined
}

/** Sums over windows; those of `keys` to `idleMs` over the `built` ones, as the others are not counted yet. */
export type WindowTotals = {
  readonly windows: number
  readonly sessions: number
  readonly events: number
  readonly lateEvents: number
  readonly built: number
  readonly keys: number
  readonly clicks: number
  readonly screenshots: number
  readonly idleMs: number
  /** Lengths of the built windows together. */
  readonly builtMs: number
  /** Of the first window and of the last; undefined where there is none. */
  readonly startMs: number | undefined
  readonly endMs: number | undefined
}

export type EventFilter = ReadRange & {
  readonly eventTypes?: readonly string[] | undefined
  /** Told of the events of each block that was looked at, whether they are wanted or not. */
  onRead?(events: number): void
  /** Told of each block whose events cannot be read any more; they are left out. */
  onDamaged?(block: DamagedBlock): void
}

export type EventRecord = {
  readonly id: string
  readonly timestamp: number
  readonly sessionId: string
  readonly eventType: string
  readonly data: JsonObject
  readonly windowStartMs: number
  /** It is older than the window that it joined. */
  readonly late: boolean
}

export type DamagedBlock = {
  readonly sessionId: string
  readonly windowStartMs: number
  readonly blockId: number
  readonly events: number
  readonly error: Error
}

export type AggregateSpan = 'minute' | 'hour' | 'day'

export type AggregateRecord = {
  readonly span: AggregateSpan
  readonly startMs: number
  readonly sessionId: string
  readonly events: number
  readonly keys: number
  readonly clicks: number
  readonly focusChanges: number
  readonly distancePx: number
  readonly counts: EventBatch['counts']
}

/** A line of the journal of screenshots. `about` is undefined where it cannot be read any more. Never the bytes of the image. */
export type ScreenshotRecord = Omit<ShotRecord, 'about'> & { readonly about: ShotAbout | undefined }
