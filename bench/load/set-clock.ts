import { type Clock, systemClock } from '@chronicle/base'

/** A clock that stands until it is set. Timers go by real time; it says when the last one began that comes again and again. */
export class SetClock implements Clock {
  #nowMs: number
  #tickedAt = Number.NaN

  constructor(nowMs: number) {
    this.#nowMs = nowMs
  }

  set(nowMs: number): void {
    this.#nowMs = nowMs
  }

  /** By `performance.now()`. */
  get tickedAt(): number {
    return this.#tickedAt
  }

  now(): number {
    return this.#nowMs
  }

  monotonic(): number {
    return systemClock.monotonic()
  }

  after(delayMs: number, action: () => void) {
    return systemClock.after(delayMs, action)
  }

  every(intervalMs: number, action: () => void) {
    return systemClock.every(intervalMs, () => {
      this.#tickedAt = performance.now()
      action()
    })
  }
}
