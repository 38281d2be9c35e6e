import type { Log, Topic } from '@chronicle/log'
import type { RequestOf, ResponseOf } from '../codec/schema.ts'
import { ErrorCode } from '../error-codes.ts'
import { type Handler, handler } from '../handler.ts'
import { describeTopicPartitions } from '../messages/index.ts'
import { zeroUuid } from '../uuid.ts'
import type { HandlerOptions } from './options.ts'
import type { TopicLookup } from './topic-lookup.ts'

type Request = RequestOf<typeof describeTopicPartitions>
type Answered = ResponseOf<typeof describeTopicPartitions>['topics'][number]
type Cursor = { readonly topicName: string; readonly partitionIndex: number }

/** Partitions in one answer; a larger wish is cut down. */
const partitionsMax = 2_000

/** Topics in the order of their names, a page at a time: the answer says where the next page begins (KIP-966). */
export function describeTopicPartitionsHandler(
  { log, node }: HandlerOptions,
  lookup: TopicLookup,
): Handler<typeof describeTopicPartitions> {
  return handler(describeTopicPartitions, ({ topics, responsePartitionLimit, cursor }) => {
    const answers: Answered[] = []
    let room = Math.min(Math.max(responsePartitionLimit, 1), partitionsMax)
    for (const name of namesFrom(log, topics, cursor)) {
      const topic = log.topic(name)
      if (topic === undefined) {
        answers.push(unknown(name))
        continue
      }
      const first = cursor?.topicName === name ? Math.max(cursor.partitionIndex, 0) : 0
      if (room === 0)
        return { throttleTimeMs: 0, topics: answers, nextCursor: { topicName: name, partitionIndex: first } }
      const end = Math.min(first + room, topic.partitions.length)
      answers.push(describe(topic, lookup.idOf(topic), node.nodeId, first, end))
      room -= Math.max(end - first, 0)
      if (end < topic.partitions.length) {
        return { throttleTimeMs: 0, topics: answers, nextCursor: { topicName: name, partitionIndex: end } }
      }
    }
    return { throttleTimeMs: 0, topics: answers }
  })
}

function namesFrom(log: Log, topics: Request['topics'], cursor: Cursor | null): string[] {
  const asked = topics.length > 0 ? topics : log.topics()
  const names = [...new Set(Array.from(asked, ({ name }) => name))].sort()
  return cursor === null ? names : names.filter(name => name >= cursor.topicName)
}

function describe(topic: Topic, topicId: string, nodeId: number, first: number, end: number): Answered {
  return {
    errorCode: ErrorCode.NONE,
    name: topic.name,
    topicId,
    isInternal: topic.internal,
    partitions: topic.partitions.slice(first, end).map(({ index, leaderEpoch }) => ({
      errorCode: ErrorCode.NONE,
      partitionIndex: index,
      leaderId: nodeId,
      leaderEpoch,
      replicaNodes: [nodeId],
      isrNodes: [nodeId],
      // Nullable on the wire, but Java's admin client takes null for granted never to come.
      eligibleLeaderReplicas: [],
      lastKnownElr: [],
      offlineReplicas: [],
    })),
  }
}

function unknown(name: string): Answered {
  return { errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, name, topicId: zeroUuid, partitions: [] }
}
