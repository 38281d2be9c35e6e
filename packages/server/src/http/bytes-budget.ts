import type { Clock } from '@chronicle/base'
import { serverErrors } from '../errors.ts'

export type BudgetLimits = {
  /** Bytes that may be held at once. */
  readonly bytesMax: number
  /** Requests that may wait for some. */
  readonly waitingMax: number
  readonly waitMsMax: number
}

type Waiting = { readonly bytes: number; readonly start: () => void }

/** A bounded amount of memory that requests share (S10). They get it in the order in which they came. */
export class BytesBudget {
  readonly #limits: BudgetLimits
  readonly #clock: Clock
  readonly #waiting = new Set<Waiting>()
  #held = 0

  constructor(limits: BudgetLimits, clock: Clock) {
    this.#limits = limits
    this.#clock = clock
  }

  /**
   * Resolves when `bytes` are the caller's, with how to give them back: all, or all but `kept`; doing so twice is harmless. Rejects with 'server.busy' when too
   * many wait, or for too long. More than there is at all counts as all.
   */
  async reserve(bytes: number): Promise<(kept?: number) => void> {
    const wanted = Math.min(bytes, this.#limits.bytesMax)
    if (this.#waiting.size > 0 || this.#held + wanted > this.#limits.bytesMax) await this.#wait(wanted)
    else this.#held += wanted
    let held = wanted
    return (kept = 0) => {
      if (kept >= held) return
      this.#held -= held - kept
      held = kept
      this.#startNext()
    }
  }

  #wait(bytes: number): Promise<void> {
    const { waitingMax, waitMsMax } = this.#limits
    if (this.#waiting.size >= waitingMax) throw serverErrors.create('server.busy', { waiting: waitingMax })
    return new Promise((resolve, reject) => {
      const giveUp = (): void => {
        this.#waiting.delete(waiting)
        reject(serverErrors.create('server.busy', { waitedMs: waitMsMax }))
        // A smaller one behind it may fit.
        this.#startNext()
      }
      const timer = this.#clock.after(waitMsMax, giveUp)
      const start = (): void => {
        timer.cancel()
        resolve()
      }
      const waiting = { bytes, start }
      this.#waiting.add(waiting)
    })
  }

  #startNext(): void {
    for (const waiting of this.#waiting) {
      if (this.#held + waiting.bytes > this.#limits.bytesMax) return
      this.#waiting.delete(waiting)
      this.#held += waiting.bytes
      waiting.start()
    }
  }
}
