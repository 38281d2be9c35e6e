import {
  batchBaseOffset,
  batchBytes,
  batchEndOffset,
  batchIsControl,
  batchMaxTimestamp,
  logErrors,
  type Partition,
  RecordReader,
} from '@chronicle/log'
import { AbortedTransactions } from './aborted-transactions.ts'

/** What the records of one batch may decompress to. */
const decompressedBytesMax = 64 * 1024 * 1024

/** One record. Key and value are views of the log's memory, valid until the visit is over; null where the producer sent none. */
export type LogRecord = {
  readonly offset: number
  /** Milliseconds since the epoch, negative where the producer gave none; at most the largest that its batch announced, which the log has checked. */
  readonly timestamp: number
  readonly key: Buffer | null
  readonly value: Buffer | null
}

/** The records of a batch from `offset` on cannot be read; `batch` is the whole of it, valid until the visit is over. */
export type UnreadableRecords = { readonly offset: number; readonly batch: Buffer; readonly error: Error }

export type RecordVisitor = {
  /** False ends the reading behind this record. */
  record(record: LogRecord): boolean
  unreadable(records: UnreadableRecords): boolean
}

/**
 * Visits the records of `partition` from `offset` on, in order, up to about `bytesMax` of them: those that are durable and that no transaction holds open or
 * took back (OL2). Returns the offset to go on from, which is `offset` at the end of the log. Rejects as `Partition.read` does.
 */
export async function readRecords(
  partition: Partition,
  offset: number,
  bytesMax: number,
  visitor: RecordVisitor,
): Promise<number> {
  const records = await partition.read(offset, bytesMax, 'read_committed', true)
  try {
    const aborted = new AbortedTransactions(records.abortedTransactions)
    let next = offset
    for (const piece of records.pieces) {
      const bytes = Buffer.from(piece.buffer, piece.byteOffset, piece.length)
      for (let start = 0; start < bytes.length; start += batchBytes(bytes, start)) {
        const isLeftOut = aborted.covers(bytes, start) || batchIsControl(bytes, start)
        const stoppedAt = isLeftOut ? undefined : visitBatch(bytes, start, next, visitor)
        if (stoppedAt !== undefined) return stoppedAt
        next = batchEndOffset(bytes, start)
      }
    }
    return next
  } finally {
    records.release()
  }
}

/** Visits the records of the batch at `start` from `from` on. Returns where the visitor ended it, undefined where it did not. */
function visitBatch(bytes: Buffer, start: number, from: number, visitor: RecordVisitor): number | undefined {
  // Counted, not read: the log has checked the header of a batch, but what a compressed one holds is the word of the client.
  let offset = batchBaseOffset(bytes, start)
  const timestampMax = batchMaxTimestamp(bytes, start)
  try {
    const reader = new RecordReader(bytes, start, decompressedBytesMax)
    for (; reader.next(); offset++) {
      if (offset < from) continue
      const { key, value } = reader
      const timestamp = Math.min(reader.timestamp, timestampMax)
      if (!visitor.record({ offset, timestamp, key, value })) return offset + 1
    }
    return undefined
  } catch (error) {
    if (!logErrors.is(error)) throw error
    const batch = bytes.subarray(start, start + batchBytes(bytes, start))
    return visitor.unreadable({ offset, batch, error }) ? undefined : batchEndOffset(bytes, start)
  }
}
