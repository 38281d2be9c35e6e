/** Hands one batch over, within its time. A consumer that never answers holds a bounded number of batches (CW7). */
import type { ChronicleError, Clock } from '@chronicle/base'
import type { EventBatch } from '../contract.ts'
import { captureErrors } from '../errors.ts'
import { foreignReason } from '../foreign-reason.ts'

/** Resolves when the consumer has the batch. A rejection, or no answer in time, has it sent again. `signal` aborts when nobody waits any more. */
export type BatchConsumer = (batch: EventBatch, signal: AbortSignal) => Promise<void>

/** So many batches may be out without an answer; then none is sent until one is answered. */
export const unansweredMax = 4

export class Handover {
  readonly #consumer: BatchConsumer
  readonly #clock: Clock
  readonly #msMax: number
  readonly #stopped = Promise.withResolvers<'stopped'>()
  #unanswered = 0
  #abort: AbortController | undefined

  constructor(consumer: BatchConsumer, clock: Clock, msMax: number) {
    this.#consumer = consumer
    this.#clock = clock
    this.#msMax = msMax
  }

  get unanswered(): number {
    return this.#unanswered
  }

  get mayBegin(): boolean {
    return this.#unanswered < unansweredMax
  }

  /** Undefined once the consumer has the batch; otherwise why it may not. */
  async handOver(batch: EventBatch): Promise<undefined | 'stopped' | { readonly error: ChronicleError }> {
    const abort = new AbortController()
    this.#abort = abort
    const late = Promise.withResolvers<'late'>()
    const timer = this.#clock.after(this.#msMax, () => late.resolve('late'))
    this.#unanswered++
    const answer = this.#answer(batch, abort.signal)
    const outcome = await Promise.race([answer, late.promise, this.#stopped.promise])
    timer.cancel()
    if (outcome === 'late' || outcome === 'stopped') abort.abort()
    if (outcome !== 'late') return outcome
    return { error: captureErrors.create('capture.consumer-silent', { batch: batch.batch_id, timeoutMs: this.#msMax }) }
  }

  stop(): void {
    this.#stopped.resolve('stopped')
    this.#abort?.abort()
  }

  async #answer(batch: EventBatch, signal: AbortSignal): Promise<undefined | { readonly error: ChronicleError }> {
    try {
      await this.#consumer(batch, signal)
      return undefined
    } catch (error) {
      const details = { batch: batch.batch_id, reason: foreignReason(error) }
      return { error: captureErrors.create('capture.consumer-refused', details) }
    } finally {
      this.#unanswered--
    }
  }
}
