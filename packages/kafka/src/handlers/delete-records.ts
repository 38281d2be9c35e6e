import type { Log } from '@chronicle/log'
import type { RequestOf, ResponseOf } from '../codec/schema.ts'
import { ErrorCode } from '../error-codes.ts'
import { type Handler, handler } from '../handler.ts'
import { deleteRecords } from '../messages/index.ts'
import { refusedByLog } from './log-error.ts'

type Asked = RequestOf<typeof deleteRecords>['topics'][number]['partitions'][number]
type Answered = ResponseOf<typeof deleteRecords>['topics'][number]['partitions'][number]

/** Stands for the high watermark (KIP-107). */
const toHighWatermark = -1
const noLowWatermark = -1

export function deleteRecordsHandler(log: Log): Handler<typeof deleteRecords> {
  const answer = async (topic: string, { partitionIndex, offset }: Asked): Promise<Answered> => {
    const failed = (errorCode: number) => ({ partitionIndex, lowWatermark: noLowWatermark, errorCode })
    const partition = log.partition(topic, partitionIndex)
    if (partition === undefined) return failed(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
    const before = offset === toHighWatermark ? partition.highWatermark : offset
    if (before < 0 || before > partition.highWatermark) return failed(ErrorCode.OFFSET_OUT_OF_RANGE)
    try {
      const lowWatermark = await log.deleteRecords(topic, partitionIndex, before)
      return { partitionIndex, lowWatermark, errorCode: ErrorCode.NONE }
    } catch (error) {
      return failed(refusedByLog(error).errorCode)
    }
  }
  return handler(deleteRecords, async ({ topics }) => ({
    throttleTimeMs: 0,
    topics: await Promise.all(
      topics.map(async ({ name, partitions }) => ({
        name,
        partitions: await Promise.all(partitions.map(asked => answer(name, asked))),
      })),
    ),
  }))
}
