/** The newest `idsMax` ids that were added: the oldest goes for the next one. */
export class RecentIds {
  readonly idsMax: number
  /** In the order in which they came. */
  readonly #ids = new Set<string>()

  constructor(idsMax: number) {
    this.idsMax = idsMax
  }

  get size(): number {
    return this.#ids.size
  }

  has(id: string): boolean {
    return this.#ids.has(id)
  }

  add(id: string): void {
    this.#ids.delete(id)
    this.#ids.add(id)
    if (this.#ids.size <= this.idsMax) return
    const [oldest] = this.#ids
    this.#ids.delete(oldest!)
  }
}
