import type { Log, Partition, TimestampedOffset } from '@chronicle/log'
import type { RequestOf, ResponseOf } from '../codec/schema.ts'
import { ErrorCode } from '../error-codes.ts'
import { type Handler, handler } from '../handler.ts'
import { listOffsets } from '../messages/index.ts'
import { epochError } from './leader-epoch.ts'
import { refusedByLog } from './log-error.ts'

type Request = RequestOf<typeof listOffsets>
type Asked = Request['topics'][number]['partitions'][number]
type Answered = ResponseOf<typeof listOffsets>['topics'][number]['partitions'][number]

/** Timestamps that stand for a place in the partition. */
const latest = -1
const earliest = -2
const maxTimestamp = -3
const earliestLocal = -4
const latestTiered = -5
const readCommitted = 1

export function listOffsetsHandler(log: Log): Handler<typeof listOffsets> {
  const answer = async (topic: string, asked: Asked, isolationLevel: number): Promise<Answered> => {
    const { partitionIndex } = asked
    const partition = log.partition(topic, partitionIndex)
    if (partition === undefined) return { partitionIndex, errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION }
    const errorCode = epochError(partition, asked.currentLeaderEpoch)
    if (errorCode !== ErrorCode.NONE) return { partitionIndex, errorCode }
    try {
      const found = await offsetAt(partition, asked.timestamp, isolationLevel)
      return { partitionIndex, errorCode: ErrorCode.NONE, ...found }
    } catch (error) {
      return { partitionIndex, errorCode: refusedByLog(error).errorCode }
    }
  }
  return handler(listOffsets, async ({ topics, isolationLevel }) => ({
    topics: await Promise.all(
      topics.map(async ({ name, partitions }) => ({
        name,
        partitions: await Promise.all(partitions.map(asked => answer(name, asked, isolationLevel))),
      })),
    ),
  }))
}

/** Undefined where there is no such offset: the response then holds −1 throughout. */
async function offsetAt(
  partition: Partition,
  timestamp: number,
  isolationLevel: number,
): Promise<TimestampedOffset | undefined> {
  const { leaderEpoch, logStartOffset, highWatermark, lastStableOffset } = partition
  const end = isolationLevel === readCommitted ? lastStableOffset : highWatermark
  switch (timestamp) {
    case latest:
      return { offset: end, timestamp: -1, leaderEpoch }
    case earliest:
    // Everything that can be read is read from here.
    case earliestLocal:
      return { offset: logStartOffset, timestamp: -1, leaderEpoch }
    case latestTiered:
      return undefined
  }
  const found =
    timestamp === maxTimestamp ? await partition.offsetForMaxTimestamp() : await partition.offsetForTimestamp(timestamp)
  return found === undefined || found.offset >= end ? undefined : found
}
