import type { Random } from '@chronicle/base'

/** Waits that grow with every failure in a row, each drawn from nought to its limit, so that many who failed together do not come again together. */
export class Backoff {
  readonly #random: Random
  readonly #firstMs: number
  readonly #waitMsMax: number
  #failures = 0

  constructor(random: Random, { firstMs, waitMsMax }: { readonly firstMs: number; readonly waitMsMax: number }) {
    this.#random = random
    this.#firstMs = firstMs
    this.#waitMsMax = waitMsMax
  }

  /** Failures in a row. */
  get failures(): number {
    return this.#failures
  }

  /** Counts one more failure; how long to wait after it, in milliseconds. */
  failed(): number {
    const limitMs = Math.min(this.#waitMsMax, this.#firstMs * 2 ** this.#failures)
    this.#failures++
    return this.#random.int(limitMs) + 1
  }

  succeeded(): void {
    this.#failures = 0
  }
}
