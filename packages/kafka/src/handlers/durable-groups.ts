import type { Clock, Timer } from '@chronicle/base'

/** How late a time-out may be noticed. */
const sweepMs = 500

type Waiting = { readonly deadline: number; settle(outcome: Outcome): void }

/** What became of what was waited for; `error` says why it will not become durable. */
export type Outcome = { readonly kind: 'durable' | 'timed-out' } | { readonly kind: 'failed'; readonly error: unknown }

const durable: Outcome = { kind: 'durable' }
const timedOut: Outcome = { kind: 'timed-out' }

/**
 * Requests that wait for their batches to become durable. Many share one promise, so they wait as one group: one reaction
 * for all of them instead of one each.
 */
export class DurableGroups {
  readonly #clock: Clock
  readonly #groups = new Map<Promise<void>, Waiting[]>()
  #newest: Promise<void> | undefined
  #newestWaiting: Waiting[] = []
  #sweep: Timer | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Calls `settle` when `promise` settles or, at the latest a moment after `timeoutMs`, says that it has not. */
  wait(promise: Promise<void>, timeoutMs: number, settle: (outcome: Outcome) => void): void {
    if (promise !== this.#newest) this.#join(promise)
    this.#newestWaiting.push({ deadline: this.#clock.monotonic() + timeoutMs, settle })
  }

  stop(): void {
    this.#sweep?.cancel()
    this.#sweep = undefined
  }

  #join(promise: Promise<void>): void {
    let waiting = this.#groups.get(promise)
    if (waiting === undefined) {
      waiting = []
      this.#groups.set(promise, waiting)
      promise.then(
        () => this.#settle(promise, durable),
        (error: unknown) => this.#settle(promise, { kind: 'failed', error }),
      )
    }
    this.#newest = promise
    this.#newestWaiting = waiting
    this.#sweep ??= this.#clock.every(sweepMs, () => this.#timeOut())
  }

  #settle(promise: Promise<void>, outcome: Outcome): void {
    const waiting = this.#groups.get(promise) ?? []
    this.#groups.delete(promise)
    if (promise === this.#newest) this.#newest = undefined
    for (const each of waiting) each.settle(outcome)
  }

  #timeOut(): void {
    const now = this.#clock.monotonic()
    for (const waiting of this.#groups.values()) {
      const late = waiting.filter(each => each.deadline <= now)
      if (late.length === 0) continue
      const left = waiting.filter(each => each.deadline > now)
      // In place: `wait` may be adding to this very list.
      waiting.splice(0, waiting.length, ...left)
      for (const each of late) each.settle(timedOut)
    }
  }
}
