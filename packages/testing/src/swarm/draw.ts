import { type Random, seededRandom } from '@chronicle/base'

/** What a seed decides, in the terms in which a day is told. */
export class Draw {
  readonly #random: Random

  constructor(seed: number) {
    this.#random = seededRandom(seed)
  }

  uuid(): string {
    return this.#random.uuid()
  }

  /** True with probability `share`. */
  chance(share: number): boolean {
    return this.#random.int(1_000_000) < share * 1_000_000
  }

  /** A whole number from `least` to `most`, both included. */
  between(least: number, most: number): number {
    return least + this.#random.int(most - least + 1)
  }

  /** A whole number from `least` to `most`, as often between 1 and 2 as between 1,000 and 2,000: how long work takes. */
  longTail(least: number, most: number): number {
    return Math.round(least * (most / least) ** (this.#random.int(1_000_000) / 1_000_000))
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.#random.int(choices.length)]!
  }
}
