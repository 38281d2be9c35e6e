import type { Clock } from '@chronicle/base'

/** Waits that a stop cuts short, and work that it ends. */
export class Pausing {
  readonly #clock: Clock
  readonly #ending = new Set<() => void>()
  #isStopping = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get isStopping(): boolean {
    return this.#isStopping
  }

  stop(): void {
    this.#isStopping = true
    for (const end of this.#ending) end()
  }

  /** Calls `end` when everything stops, at once if it does already. Returns how to take that back. */
  onStop(end: () => void): () => void {
    this.#ending.add(end)
    if (this.#isStopping) end()
    return () => void this.#ending.delete(end)
  }

  /** Resolves with whether to go on: false once stopped. */
  async pause(waitMs: number): Promise<boolean> {
    const over = Promise.withResolvers<void>()
    const timer = this.#clock.after(waitMs, over.resolve)
    const forget = this.onStop(over.resolve)
    await over.promise
    forget()
    timer.cancel()
    return !this.#isStopping
  }
}
