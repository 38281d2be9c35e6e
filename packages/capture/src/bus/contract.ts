import type { CheckResult } from '@chronicle/telemetry'
import type { BusMessage, EventBatch, RawEvent } from '../contract.ts'
import type { SourcePosition } from '../store/positions.ts'

/** Who takes raw events: the store. */
export type EventSink = {
  /** Of a publisher that does not wait. Never throws. */
  receive(message: BusMessage): void
  /** Of a source that can be read again; resolves when the next one may come. The bytes of a screenshot are overwritten then. */
  receiveFrom(message: BusMessage, next: SourcePosition): Promise<void>
  /** What came to a source before this moment was given; what came later may be still to come. Undefined: all that came was given. */
  readUpTo?(source: string, readUpToMs: number | undefined): void
  /** Where a source goes on. */
  positionOf(source: string, partition: number): number
}

/**
 * Who takes batches: the analysis. Resolves once it has the batch; a rejection has it sent again. It is sent again after a crash too: a `batch_id` that is known is answered by
 * resolving. `signal` aborts when nobody waits for the answer any more.
 */
export type BatchTaker = (batch: EventBatch, signal: AbortSignal) => Promise<void>

export type Subscription = { close(): Promise<void> }

/** Between the programs that see what happens, the store, and the analysis. */
export type Bus = {
  /** Publishes a {@link RawEvent}. Fire and forget (CB5): never throws, never waits, says nothing. What became of it is counted. */
  publish(event: unknown): void
  subscribeEvents(sink: EventSink): Subscription
  /** Resolves once every subscriber has the batch, or what keeps it for them has. */
  publishBatch(batch: EventBatch, signal: AbortSignal): Promise<void>
  subscribeBatches(take: BatchTaker): Subscription
  /** Events that were published here and reached nobody, by why. */
  lost(): Readonly<Record<string, number>>
  health(): CheckResult
  /** Sends what waits, for as long as is said, and lets go of every connection. */
  stop(withinMs: number): Promise<void>
}
