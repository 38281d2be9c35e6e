import type { Log } from '@chronicle/log'
import type { RequestOf, ResponseOf } from '../codec/schema.ts'
import { ErrorCode } from '../error-codes.ts'
import { type Handler, handler } from '../handler.ts'
import { offsetForLeaderEpoch } from '../messages/index.ts'
import { epochError } from './leader-epoch.ts'

type Asked = RequestOf<typeof offsetForLeaderEpoch>['topics'][number]['partitions'][number]
type Answered = ResponseOf<typeof offsetForLeaderEpoch>['topics'][number]['partitions'][number]

export function offsetForLeaderEpochHandler(log: Log): Handler<typeof offsetForLeaderEpoch> {
  const answer = (topic: string, { partition: index, currentLeaderEpoch, leaderEpoch }: Asked): Answered => {
    const partition = log.partition(topic, index)
    if (partition === undefined) return { partition: index, errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION }
    const errorCode = epochError(partition, currentLeaderEpoch)
    if (errorCode !== ErrorCode.NONE) return { partition: index, errorCode }
    return { partition: index, errorCode, ...partition.endOfEpoch(leaderEpoch) }
  }
  return handler(offsetForLeaderEpoch, ({ topics }) => ({
    topics: topics.map(({ topic, partitions }) => ({ topic, partitions: partitions.map(each => answer(topic, each)) })),
  }))
}
