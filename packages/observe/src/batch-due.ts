import type { Clock, Timer } from '@chronicle/base'

export type BatchDueOptions = {
  readonly clock: Clock
  /** So many events do not wait for more. */
  readonly threshold: number
  /** An event waits no longer for others. */
  readonly intervalMs: number
}

/** When a batch is to be written: with so many events, or so long after the first of them, whichever comes first (OL4). */
export class BatchDue {
  readonly #options: BatchDueOptions
  #timer: Timer | undefined
  #isDue = false
  #waiter: (() => void) | undefined

  constructor(options: BatchDueOptions) {
    this.#options = options
  }

  /** `unread` events wait now. To be called whenever their number may have grown. */
  update(unread: number): void {
    if (this.#isDue || unread === 0) return
    if (unread >= this.#options.threshold) this.now()
    else this.#timer ??= this.#options.clock.after(this.#options.intervalMs, () => this.now())
  }

  /** Due, whatever waits. */
  now(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#isDue = true
    this.#waiter?.()
    this.#waiter = undefined
  }

  /** Resolves when a batch is due. One caller at a time. */
  next(): Promise<void> {
    if (this.#isDue) return Promise.resolve()
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#waiter = resolve
    return promise
  }

  /** The batch has been read, and `unread` events are left. */
  taken(unread: number): void {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#isDue = false
    this.update(unread)
  }
}
