/**
 * The bus of one process. An event goes to the store in the turn in which it is published: the store copies it into its bounded queue, or the spill, and returns. A queue of
 * the bus's own would only be a second place to lose it.
 */
import type { CheckResult } from '@chronicle/telemetry'
import type { EventBatch } from '../contract.ts'
import { captureErrors, ResourceLimitError } from '../errors.ts'
import type { BatchTaker, Bus, EventSink, Subscription } from './contract.ts'

/** Subscribers of either kind. */
export const subscribersMax = 64

export class InProcessBus implements Bus {
  readonly #sinks = new Set<EventSink>()
  readonly #takers = new Set<BatchTaker>()
  readonly #lost = { 'no-subscriber': 0, 'subscriber-failed': 0 }
  #arrival = Promise.withResolvers<void>()

  publish(event: unknown): void {
    if (this.#sinks.size === 0) this.#lost['no-subscriber']++
    for (const sink of this.#sinks) {
      try {
        sink.receive({ event })
      } catch {
        // CB5: whatever a subscriber does is no business of the publisher's.
        this.#lost['subscriber-failed']++
      }
    }
  }

  subscribeEvents(sink: EventSink): Subscription {
    return subscribe(this.#sinks, sink)
  }

  /** Waits for a subscriber where there is none, until `signal` aborts. */
  async publishBatch(batch: EventBatch, signal: AbortSignal): Promise<void> {
    const aborted = Promise.withResolvers<never>()
    const abort = (): void => aborted.reject(captureErrors.create('capture.batch-not-taken', { batch: batch.batch_id }))
    signal.addEventListener('abort', abort)
    if (signal.aborted) abort()
    try {
      while (this.#takers.size === 0) await Promise.race([this.#arrival.promise, aborted.promise])
      await Promise.race([Promise.all([...this.#takers].map(take => take(batch, signal))), aborted.promise])
    } finally {
      signal.removeEventListener('abort', abort)
    }
  }

  subscribeBatches(take: BatchTaker): Subscription {
    const subscription = subscribe(this.#takers, take)
    this.#arrival.resolve()
    this.#arrival = Promise.withResolvers()
    return subscription
  }

  lost(): Readonly<Record<string, number>> {
    return { ...this.#lost }
  }

  health(): CheckResult {
    return { status: 'pass', reason: `${this.#takers.size} subscribers take batches` }
  }

  async stop(): Promise<void> {
    this.#sinks.clear()
    this.#takers.clear()
  }
}

function subscribe<T>(subscribers: Set<T>, one: T): Subscription {
  if (subscribers.size >= subscribersMax)
    throw new ResourceLimitError('capture.limit-subscribers', 'subscribersMax', subscribers.size + 1, subscribersMax)
  subscribers.add(one)
  return {
    async close() {
      subscribers.delete(one)
    },
  }
}
