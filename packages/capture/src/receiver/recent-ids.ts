/** The ids of the events that came last: a repetition among them is not stored again (CB4). Two generations, so that forgetting costs nothing. */
export class RecentIds {
  readonly #generationMax: number
  #young = new Set<string>()
  #old = new Set<string>()

  /** Remembers at least the last `idsMin` ids, and at most twice as many. */
  constructor(idsMin: number) {
    this.#generationMax = idsMin
  }

  has(id: string): boolean {
    return this.#young.has(id) || this.#old.has(id)
  }

  add(id: string): void {
    this.#young.add(id)
    if (this.#young.size < this.#generationMax) return
    this.#old = this.#young
    this.#young = new Set()
  }
}
