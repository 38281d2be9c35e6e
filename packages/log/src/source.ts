import type { Records } from './contract.ts'

/**
 * Where batches of one partition are read from: the one place in which tiers meet. Today the write-ahead log, in memory
 * or on disk, is the only one; whatever has older batches stands behind the same type.
 */
export type Source = {
  /**
   * Whole batches from the one holding `request.offset` on. All of [`offset`, `limit`) is durable and in this source.
   * Answers at once where nothing has to be waited for. Throws or rejects with 'log.damaged' or 'log.storage'.
   */
  read(request: ReadRequest): Found | Promise<Found>
}

export type ReadRequest = {
  readonly offset: number
  /** No batch at or after this offset; it lies between two batches. */
  readonly limit: number
  readonly bytesMax: number
  /** The first batch is returned even when it is larger than `bytesMax`. */
  readonly atLeastOne: boolean
}

/** Batches, and where they end. */
export type Found = Omit<Records, 'abortedTransactions'> & { readonly endOffset: number }
