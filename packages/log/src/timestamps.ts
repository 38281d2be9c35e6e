/** Searches by time, exact to the record: the index tells the block, headers tell the batch, its records are decoded. */
import {
  batchBaseOffset,
  batchBytes,
  batchEndOffset,
  batchIsControl,
  batchLeaderEpoch,
  batchMaxTimestamp,
} from './batch.ts'
import type { BatchIndex } from './batch-index.ts'
import { noTimestamp } from './check-batch.ts'
import type { Partition, TimestampedOffset } from './contract.ts'
import { RecordReader } from './records.ts'

/** One read of a search. */
const searchBytesMax = 1024 * 1024

type Searched = Pick<Partition, 'logStartOffset' | 'highWatermark' | 'read'>

/** The earliest readable record at `timestamp` or later. */
export async function findTimestamp(
  partition: Searched,
  index: BatchIndex,
  timestamp: number,
  decompressedBytesMax: number,
): Promise<TimestampedOffset | undefined> {
  // What is appended meanwhile is not looked at: a busy partition would be searched for ever.
  const end = partition.highWatermark
  let offset = partition.logStartOffset
  for (;;) {
    const block = index.findTimestamp(timestamp, Math.max(0, index.find(offset)))
    if (block < 0) return undefined
    const from = Math.max(offset, partition.logStartOffset, index.baseOffset(block))
    // The index changes while a batch is awaited: go by offsets, not by blocks.
    const to = blockEnd(index, block, end)
    if (from >= to) return undefined
    const found = await searchBatches(partition, from, to, (batch, start) => {
      if (batchMaxTimestamp(batch, start) < timestamp) return undefined
      return firstRecord(batch, start, from, decompressedBytesMax, at => at >= timestamp)
    })
    if (found) return found
    offset = to
  }
}

/** The readable record with the largest timestamp, the earliest of them where several have it. */
export async function findMaxTimestamp(
  partition: Searched,
  index: BatchIndex,
  decompressedBytesMax: number,
): Promise<TimestampedOffset | undefined> {
  const end = partition.highWatermark
  let best: TimestampedOffset | undefined
  const searched = new Map<number, number>()
  for (;;) {
    const block = largestBlock(index, end, best?.timestamp ?? noTimestamp, searched)
    if (block < 0) return best
    const from = Math.max(partition.logStartOffset, index.baseOffset(block))
    const to = blockEnd(index, block, end)
    searched.set(index.baseOffset(block), to)
    let largest = best?.timestamp ?? noTimestamp
    await searchBatches(partition, from, to, (batch, start) => {
      const timestamp = batchMaxTimestamp(batch, start)
      if (timestamp <= largest) return undefined
      const found = firstRecord(batch, start, from, decompressedBytesMax, at => at === timestamp)
      if (found) [best, largest] = [found, timestamp]
      return undefined
    })
  }
}

/** The earliest of the blocks with the largest timestamp, if that is above `above`; −1 when there is none. `searched`: up to where, by base offset. */
function largestBlock(index: BatchIndex, end: number, above: number, searched: ReadonlyMap<number, number>): number {
  let largest = above
  let found = -1
  for (let block = 0; block < index.length && index.baseOffset(block) < end; block++) {
    if (index.maxTimestamp(block) <= largest) continue
    // A block that was joined with its neighbour meanwhile reaches further than it was searched.
    if ((searched.get(index.baseOffset(block)) ?? -1) >= blockEnd(index, block, end)) continue
    largest = index.maxTimestamp(block)
    found = block
  }
  return found
}

function blockEnd(index: BatchIndex, block: number, end: number): number {
  return block + 1 < index.length ? Math.min(end, index.baseOffset(block + 1)) : end
}

/** Calls `visit` for the data batches in [`from`, `to`) until it answers. */
async function searchBatches(
  partition: Searched,
  from: number,
  to: number,
  visit: (batch: Buffer, start: number) => TimestampedOffset | undefined,
): Promise<TimestampedOffset | undefined> {
  for (let offset = from; offset < to; ) {
    const records = await partition.read(offset, searchBytesMax, 'read_uncommitted', true)
    try {
      for (const piece of records.pieces) {
        const bytes = Buffer.from(piece.buffer, piece.byteOffset, piece.length)
        for (let start = 0; start < bytes.length; start += batchBytes(bytes, start)) {
          offset = batchEndOffset(bytes, start)
          if (batchBaseOffset(bytes, start) >= to) return undefined
          const found = batchIsControl(bytes, start) ? undefined : visit(bytes, start)
          if (found) return found
        }
      }
    } finally {
      records.release()
    }
    if (records.bytes === 0) return undefined
  }
  return undefined
}

/** The first record at or after offset `from` whose timestamp `matches`. */
function firstRecord(
  batch: Buffer,
  start: number,
  from: number,
  decompressedBytesMax: number,
  matches: (timestamp: number) => boolean,
): TimestampedOffset | undefined {
  const reader = new RecordReader(batch, start, decompressedBytesMax)
  while (reader.next()) {
    if (reader.offset < from || !matches(reader.timestamp)) continue
    return { offset: reader.offset, timestamp: reader.timestamp, leaderEpoch: batchLeaderEpoch(batch, start) }
  }
  return undefined
}
