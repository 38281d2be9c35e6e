import {
  batchBaseOffset,
  batchIsControl,
  batchIsTransactional,
  batchProducerId,
  decodeMarker,
  type Records,
} from '@chronicle/log'

/**
 * Tells which batches of an answer belong to transactions that were aborted (KIP-98): from its first offset on, a producer's transactional batches do, until
 * its abort marker. To be asked of each batch once, in the order of the log.
 */
export class AbortedTransactions {
  readonly #upcoming: Records['abortedTransactions'][number][]
  readonly #producers = new Set<number>()

  constructor(aborted: Records['abortedTransactions']) {
    this.#upcoming = [...aborted].sort((a, b) => a.firstOffset - b.firstOffset)
  }

  /** Whether the data batch at `start` counts for nothing; a control batch moves on from the transaction that it ends. */
  covers(bytes: Buffer, start: number): boolean {
    while (this.#upcoming.length > 0 && this.#upcoming[0]!.firstOffset <= batchBaseOffset(bytes, start)) {
      this.#producers.add(this.#upcoming.shift()!.producerId)
    }
    const producerId = batchProducerId(bytes, start)
    if (!batchIsControl(bytes, start)) return batchIsTransactional(bytes, start) && this.#producers.has(producerId)
    if (decodeMarker(bytes, start)?.type === 'abort') this.#producers.delete(producerId)
    return false
  }
}
