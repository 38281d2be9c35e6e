/**
 * Bytes that all connections share. What was begun is finished even above the limit; who finds the budget full waits in
 * line and is called when it is not.
 */
export class ByteBudget {
  readonly bytesMax: number
  #used = 0
  #waking = false
  readonly #waiting = new Set<() => void>()

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax
  }

  get used(): number {
    return this.#used
  }

  get full(): boolean {
    return this.#used >= this.bytesMax
  }

  take(bytes: number): void {
    this.#used += bytes
  }

  give(bytes: number): void {
    this.#used -= bytes
    if (this.#waiting.size === 0 || this.#waking || this.full) return
    this.#waking = true
    // Later, since this is called from the midst of another connection's work.
    process.nextTick(this.#wake)
  }

  /** Calls `resume` once, when the budget is not full. Waiting twice with the same function is waiting once. */
  wait(resume: () => void): void {
    this.#waiting.add(resume)
  }

  forget(resume: () => void): void {
    this.#waiting.delete(resume)
  }

  readonly #wake = (): void => {
    this.#waking = false
    for (const resume of this.#waiting) {
      if (this.full) return
      this.#waiting.delete(resume)
      resume()
    }
  }
}
