import { stat } from 'node:fs/promises'
import type { Clock } from '@chronicle/base'
import { objectErrors } from '../errors.ts'
import { KernelLock } from './kernel-lock.ts'

/** What a holder does takes well under a millisecond: one that takes longer than this is stopped, not slow. */
export const lockWaitMsMax = 10_000

/** For how long one attempt blocks the event loop. SQLite sleeps whole milliseconds between two looks. */
const attemptMsMax = 2

/**
 * Runs short synchronous steps one at a time over all processes that have the store open (O4). Within this process they take turns in
 * the order in which they came, so that only one at a time waits for another process.
 */
export class Exclusion {
  readonly #path: string
  readonly #clock: Clock
  readonly #lock: KernelLock
  #turn: Promise<unknown> = Promise.resolve()

  constructor(path: string, clock: Clock) {
    this.#path = path
    this.#clock = clock
    this.#lock = new KernelLock(path, attemptMsMax)
  }

  /** Rejects with what `step` throws, and with 'objects.unavailable' after `lockWaitMsMax`. */
  run<T>(step: () => T): Promise<T> {
    const done = this.#turn.then(() => this.#locked(step))
    this.#turn = done.catch(() => undefined)
    return done
  }

  async #locked<T>(step: () => T): Promise<T> {
    const deadline = this.#clock.monotonic() + lockWaitMsMax
    while (!this.#lock.tryTake()) {
      if (this.#clock.monotonic() >= deadline) {
        const reason = `another process has held the lock of the store for ${lockWaitMsMax} ms`
        throw objectErrors.create('objects.unavailable', { path: this.#path, reason })
      }
      // Lets everything else go on. A timer of the clock would not keep the process alive.
      await stat(this.#path)
    }
    try {
      return step()
    } finally {
      this.#lock.release()
    }
  }

  close(): void {
    this.#lock.close()
  }
}
