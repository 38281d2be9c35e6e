import type { Isolation, Partition, Records } from '@chronicle/log'
import { ErrorCode } from '../error-codes.ts'
import { zeroUuid } from '../uuid.ts'
import type { FetchPartition } from './fetch-sessions.ts'
import { epochError } from './leader-epoch.ts'
import { refusedByLog } from './log-error.ts'
import type { TopicLookup } from './topic-lookup.ts'

/** What reading one partition came to. */
export type PartitionRead = {
  readonly of: FetchPartition
  readonly errorCode: number
  readonly highWatermark: number
  readonly lastStableOffset: number
  readonly logStartOffset: number
  readonly records: Records | undefined
  readonly divergingEpoch: { readonly epoch: number; readonly endOffset: number } | undefined
}

/** One pass over all partitions. Whoever gets it releases its records. */
export type ReadPass = {
  readonly reads: readonly PartitionRead[]
  readonly bytes: number
  /** There is something to say besides records: the answer does not wait. */
  readonly urgent: boolean
}

/** Where a reader of `partition` has to stop. */
export function readEnd(partition: Partition, isolation: Isolation): number {
  return isolation === 'read_committed' ? partition.lastStableOffset : partition.highWatermark
}

/**
 * Reads the partitions in order until `bytesMax` is used up; the first batch there is comes even if larger, so that a
 * reader always gets on. Answers at once unless the disk has to be waited for.
 */
export function readPass(
  partitions: readonly FetchPartition[],
  lookup: TopicLookup,
  isolation: Isolation,
  bytesMax: number,
): ReadPass | Promise<ReadPass> {
  const pass = { reads: [] as PartitionRead[], bytes: 0, urgent: false }
  // A defect below: what was read until then must not stay pinned.
  const giveUp = (error: unknown): never => {
    releasePass(pass)
    throw error
  }
  const readNext = (of: FetchPartition) => {
    try {
      return readPartition(of, lookup, isolation, bytesMax - pass.bytes, pass.bytes === 0)
    } catch (error) {
      return giveUp(error)
    }
  }
  const readFrom = (first: number): ReadPass | Promise<ReadPass> => {
    for (let at = first; at < partitions.length; at++) {
      const reading = readNext(partitions[at]!)
      if (reading instanceof Promise) {
        return reading.then(read => {
          add(pass, read)
          return readFrom(at + 1)
        }, giveUp)
      }
      add(pass, reading)
    }
    return pass
  }
  return readFrom(0)
}

function add(pass: { reads: PartitionRead[]; bytes: number; urgent: boolean }, read: PartitionRead): void {
  pass.reads.push(read)
  pass.bytes += read.records?.bytes ?? 0
  pass.urgent ||= read.errorCode !== ErrorCode.NONE || read.divergingEpoch !== undefined
}

export function releasePass({ reads }: ReadPass): void {
  for (const { records } of reads) records?.release()
}

function readPartition(
  of: FetchPartition,
  lookup: TopicLookup,
  isolation: Isolation,
  bytesLeft: number,
  isFirst: boolean,
): PartitionRead | Promise<PartitionRead> {
  const { asked } = of
  const partition = lookup.partition(of.topic, of.topicId, of.partition)
  if (partition === undefined) {
    return failed(of, of.topicId === zeroUuid ? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION : ErrorCode.UNKNOWN_TOPIC_ID)
  }
  const fenced = epochError(partition, asked.currentLeaderEpoch)
  if (fenced !== ErrorCode.NONE) return failed(of, fenced)
  const divergingEpoch = divergence(partition, asked.lastFetchedEpoch, asked.fetchOffset)
  if (divergingEpoch !== undefined) return readOf(of, partition, undefined, divergingEpoch)
  if (asked.fetchOffset < partition.logStartOffset || asked.fetchOffset > partition.logEndOffset) {
    return failed(of, ErrorCode.OFFSET_OUT_OF_RANGE)
  }
  const bytesMax = Math.min(bytesLeft, asked.partitionMaxBytes)
  if (asked.fetchOffset >= readEnd(partition, isolation) || (bytesMax <= 0 && !isFirst)) return readOf(of, partition)
  try {
    const records = partition.read(asked.fetchOffset, Math.max(bytesMax, 0), isolation, isFirst)
    if (!(records instanceof Promise)) return readOf(of, partition, records)
    return records.then(
      found => readOf(of, partition, found),
      (error: unknown) => failed(of, refusedByLog(error).errorCode),
    )
  } catch (error) {
    return failed(of, refusedByLog(error).errorCode)
  }
}

function readOf(
  of: FetchPartition,
  { highWatermark, lastStableOffset, logStartOffset }: Partition,
  records?: Records,
  divergingEpoch?: PartitionRead['divergingEpoch'],
): PartitionRead {
  return { of, errorCode: ErrorCode.NONE, highWatermark, lastStableOffset, logStartOffset, records, divergingEpoch }
}

function failed(of: FetchPartition, errorCode: number): PartitionRead {
  const none = { highWatermark: -1, lastStableOffset: -1, logStartOffset: -1 }
  return { of, errorCode, ...none, records: undefined, divergingEpoch: undefined }
}

/** Where the reader's log parts from this one, if the epoch of what it fetched last says that it does (KIP-595). */
function divergence(
  partition: Partition,
  lastFetchedEpoch: number,
  fetchOffset: number,
): PartitionRead['divergingEpoch'] {
  if (lastFetchedEpoch < 0) return undefined
  const { leaderEpoch: epoch, endOffset } = partition.endOfEpoch(lastFetchedEpoch)
  return epoch < lastFetchedEpoch || endOffset < fetchOffset ? { epoch, endOffset } : undefined
}
