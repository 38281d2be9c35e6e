type Waiting = { readonly isExclusive: boolean; readonly enter: () => void }

/**
 * Lets many in together, or one alone. Who comes while somebody waits to be alone waits behind him, so that nobody waits for ever. Who waits is bounded by
 * who may come: chunks by the queue, the others by their callers.
 */
export class Gate {
  #inside = 0
  #isAlone = false
  readonly #waiting: Waiting[] = []

  /** Runs `step` beside others. Rejects with the signal's reason while it waits. */
  async shared<T>(signal: AbortSignal, step: () => Promise<T>): Promise<T> {
    await this.#enter(false, signal)
    try {
      return await step()
    } finally {
      this.#leave()
    }
  }

  /** Runs `step` alone. */
  async exclusive<T>(step: () => Promise<T>): Promise<T> {
    await this.#enter(true)
    try {
      return await step()
    } finally {
      this.#isAlone = false
      this.#leave()
    }
  }

  #enter(isExclusive: boolean, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted()
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const abort = (): void => {
      const at = this.#waiting.indexOf(waiting)
      if (at < 0) return
      this.#waiting.splice(at, 1)
      reject(signal?.reason)
      this.#admit()
    }
    const enter = (): void => {
      signal?.removeEventListener('abort', abort)
      resolve()
    }
    const waiting = { isExclusive, enter }
    signal?.addEventListener('abort', abort)
    this.#waiting.push(waiting)
    this.#admit()
    return promise
  }

  #leave(): void {
    this.#inside--
    this.#admit()
  }

  #admit(): void {
    for (;;) {
      const next = this.#waiting[0]
      if (!next || this.#isAlone || (next.isExclusive && this.#inside > 0)) return
      this.#waiting.shift()
      this.#inside++
      this.#isAlone = next.isExclusive
      next.enter()
    }
  }
}
