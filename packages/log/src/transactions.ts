/**
 * Transactions of one partition, as its batches tell them (KIP-98): which are open, how far everything is decided, which
 * stretches were aborted. Whoever coordinates transactions writes the markers; this only follows them (L6).
 */
type Transaction = { readonly producerId: number; readonly firstOffset: number; lastOffset: number }

/** A transaction that ended with an abort marker at `lastOffset`. */
export type Aborted = {
  readonly producerId: number
  readonly firstOffset: number
  readonly lastOffset: number
  /** The last stable offset when it was aborted: no transaction that ended earlier reaches beyond it. */
  readonly lastStableOffset: number
}

export class Transactions {
  /** Open, or ended by a marker that is not durable yet; by first offset, which is the order of insertion. */
  readonly #undecided = new Map<number, Transaction>()
  readonly #open = new Map<number, Transaction>()
  /** Ended, in the order of their markers, until the markers are durable. */
  readonly #ending: Transaction[] = []
  /** In the order of their markers. */
  #aborted: Aborted[] = []

  /** First offset of the oldest transaction that is not decided durably, or `highWatermark`. */
  lastStableOffset(highWatermark: number): number {
    if (this.#undecided.size === 0) return highWatermark
    const oldest = this.#undecided.keys().next().value!
    return Math.min(oldest, highWatermark)
  }

  begin(producerId: number, firstOffset: number): void {
    const transaction = { producerId, firstOffset, lastOffset: -1 }
    this.#open.set(producerId, transaction)
    this.#undecided.set(firstOffset, transaction)
  }

  /** A marker at `offset` ends the producer's transaction; without one it changes nothing. */
  end(producerId: number, offset: number, aborted: boolean): void {
    const transaction = this.#open.get(producerId)
    if (!transaction) return
    this.#open.delete(producerId)
    transaction.lastOffset = offset
    this.#ending.push(transaction)
    if (!aborted) return
    const oldestOpen = this.#open.values().next().value
    const lastStableOffset = oldestOpen ? oldestOpen.firstOffset : offset + 1
    this.#aborted.push({ producerId, firstOffset: transaction.firstOffset, lastOffset: offset, lastStableOffset })
  }

  /** The high watermark has moved: markers below it are durable. */
  advance(highWatermark: number): void {
    while (this.#ending.length > 0 && this.#ending[0]!.lastOffset < highWatermark) {
      this.#undecided.delete(this.#ending.shift()!.firstOffset)
    }
  }

  /** Aborted transactions with records in [`from`, `to`), by first offset. */
  abortedWithin(from: number, to: number): Aborted[] {
    const found: Aborted[] = []
    for (let at = this.#firstEndingAtOrAfter(from); at < this.#aborted.length; at++) {
      const aborted = this.#aborted[at]!
      if (aborted.firstOffset < to) found.push(aborted)
      if (aborted.lastStableOffset >= to) break
    }
    return found.sort((a, b) => a.firstOffset - b.firstOffset)
  }

  /** The log start offset has moved: what ended below it cannot be asked for. */
  trim(logStartOffset: number): void {
    const first = this.#firstEndingAtOrAfter(logStartOffset)
    if (first > 0) this.#aborted = this.#aborted.slice(first)
  }

  /** For snapshots. */
  get open(): Iterable<{ readonly producerId: number; readonly firstOffset: number }> {
    return this.#open.values()
  }

  get aborted(): readonly Aborted[] {
    return this.#aborted
  }

  restoreAborted(aborted: Aborted): void {
    this.#aborted.push(aborted)
  }

  #firstEndingAtOrAfter(offset: number): number {
    let low = 0
    let high = this.#aborted.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#aborted[middle]!.lastOffset < offset) low = middle + 1
      else high = middle
    }
    return low
  }
}
