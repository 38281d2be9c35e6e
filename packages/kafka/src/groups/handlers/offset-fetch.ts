import type { CommittedOffset } from '@chronicle/log'
import type { RequestOf, ResponseOf } from '../../codec/schema.ts'
import { ErrorCode, type ErrorName } from '../../error-codes.ts'
import { type Handler, handler } from '../../handler.ts'
import { offsetFetch } from '../../messages/index.ts'
import { uuidToKafka, zeroUuid } from '../../uuid.ts'
import type { Coordinator } from '../coordinator.ts'
import { groupIdError } from './group-id.ts'
import { findTopic } from './topics.ts'

type Response = ResponseOf<typeof offsetFetch>
type PartitionAnswer = NonNullable<Response['topics']>[number]['partitions'][number]
type TopicAnswer = { readonly name: string; readonly topicId: string; readonly partitions: PartitionAnswer[] }
type GroupAnswer = { readonly groupId: string; readonly topics: TopicAnswer[]; readonly errorCode: number }

/** What is asked of one group; up to version 7 there is only one, without topic ids. Null topics = all. */
type Asked = {
  readonly groupId: string
  readonly topics:
    | readonly { readonly name: string; readonly topicId: string; readonly partitionIndexes: number[] }[]
    | null
}

/**
 * OffsetFetch: what the groups have committed; −1 where that is nothing. All committed offsets are stable, since there are
 * no transactions that would leave one undecided.
 */
export function offsetFetchHandler(coordinator: Coordinator): Handler<typeof offsetFetch> {
  return handler(offsetFetch, (request, { apiVersion }): Response => {
    const answer = fetcher(coordinator, apiVersion >= 10)
    if (apiVersion >= 8) return { groups: request.groups.map(answer) }
    const { topics, errorCode } = answer(singleGroup(request))
    return { topics, errorCode }
  })
}

function singleGroup({ groupId, topics }: RequestOf<typeof offsetFetch>): Asked {
  return { groupId, topics: topics?.map(topic => ({ ...topic, topicId: zeroUuid })) ?? null }
}

/** Answers the groups of one request, one after the other, within what one request may ask for. */
function fetcher(coordinator: Coordinator, byId: boolean): (asked: Asked) => GroupAnswer {
  const { settings } = coordinator
  const allOf = new Set<string>()
  let named = 0
  let groups = 0
  return ({ groupId, topics }) => {
    groups++
    if (topics) for (const { partitionIndexes } of topics) named += partitionIndexes.length
    const error = groupIdError(settings, groupId, 'any')
    if (error !== 'NONE') return refused(groupId, topics, error)
    // Naming a group's offsets often must not multiply what they answer.
    const repeated = topics === null && allOf.has(groupId)
    if (repeated || named > settings.offsetsPerRequestMax || groups > settings.groupsPerRequestMax) {
      return refused(groupId, topics, 'POLICY_VIOLATION')
    }
    if (topics === null) allOf.add(groupId)
    const found =
      topics === null
        ? allTopics(coordinator, groupId, byId)
        : topics.map(topic => namedTopic(coordinator, groupId, topic, byId))
    return { groupId, topics: found, errorCode: ErrorCode.NONE }
  }
}

function namedTopic(
  { log }: Coordinator,
  groupId: string,
  asked: NonNullable<Asked['topics']>[number],
  byId: boolean,
): TopicAnswer {
  const { name, topicId, partitionIndexes } = asked
  const topic = byId ? findTopic(log, asked, true) : undefined
  const topicName = byId ? topic?.name : name
  const partitions = partitionIndexes.map(index => {
    if (topicName === undefined) return missing(index, 'UNKNOWN_TOPIC_ID')
    const committed = log.committedOffset(groupId, topicName, index)
    return committed ? present(index, committed) : missing(index, 'NONE')
  })
  return { name, topicId, partitions }
}

function allTopics({ log }: Coordinator, groupId: string, byId: boolean): TopicAnswer[] {
  const topics: TopicAnswer[] = []
  for (const [name, offsets] of log.committedOffsets(groupId)) {
    const topic = log.topic(name)
    // A topic that is gone has no id to tell it by.
    if (byId && !topic) continue
    const topicId = topic ? (uuidToKafka(topic.id) ?? zeroUuid) : zeroUuid
    topics.push({ name, topicId, partitions: [...offsets].map(([index, committed]) => present(index, committed)) })
  }
  return topics
}

/** Versions 0 and 1 have no error for the whole: it stands at every partition. */
function refused(groupId: string, topics: Asked['topics'], error: ErrorName): GroupAnswer {
  const answers = (topics ?? []).map(({ name, topicId, partitionIndexes }) => ({
    ...{ name, topicId },
    partitions: partitionIndexes.map(index => missing(index, error)),
  }))
  return { groupId, topics: answers, errorCode: ErrorCode[error] }
}

function present(partitionIndex: number, { offset, leaderEpoch, metadata }: CommittedOffset): PartitionAnswer {
  return {
    ...{ partitionIndex, metadata, errorCode: ErrorCode.NONE },
    committedOffset: offset,
    committedLeaderEpoch: leaderEpoch,
  }
}

function missing(partitionIndex: number, error: ErrorName): PartitionAnswer {
  const nothing = { committedOffset: -1, committedLeaderEpoch: -1, metadata: '' }
  return { partitionIndex, ...nothing, errorCode: ErrorCode[error] }
}
