/** Lets so many in at a time; the others wait, in their order. Who waits is bounded by whoever asks. */
export class Turns {
  readonly #most: number
  readonly #waiting: (() => void)[] = []
  #taken = 0

  constructor(most: number) {
    this.#most = most
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#taken === this.#most) await new Promise<void>(resolve => void this.#waiting.push(resolve))
    else this.#taken++
    try {
      return await work()
    } finally {
      // A turn goes from hand to hand.
      const next = this.#waiting.shift()
      if (next) next()
      else this.#taken--
    }
  }
}
