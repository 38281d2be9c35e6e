import type { Topic } from '@chronicle/log'
import type { RequestOf, ResponseOf } from '../codec/schema.ts'
import { ErrorCode } from '../error-codes.ts'
import { type Handler, handler } from '../handler.ts'
import { metadata } from '../messages/index.ts'
import { zeroUuid } from '../uuid.ts'
import { refusedByLog } from './log-error.ts'
import type { HandlerOptions } from './options.ts'
import { TopicCreator } from './topic-creator.ts'
import type { TopicLookup } from './topic-lookup.ts'

type Request = RequestOf<typeof metadata>
type Asked = NonNullable<Request['topics']>[number]
type Answered = ResponseOf<typeof metadata>['topics'][number]

/** The first version in which a topic may be asked for by its id alone. */
const byIdVersionMin = 12

/** Brokers and topics. A topic that is missing is made and then answered with: nobody has to ask twice. */
export function metadataHandler(options: HandlerOptions, lookup: TopicLookup): Handler<typeof metadata> {
  const { log, node, autoCreateTopics } = options
  const creator = new TopicCreator(log, options.defaultPartitions)
  const describe = (topic: Topic): Answered => describeTopic(topic, lookup.idOf(topic), node.nodeId)

  const byName = (name: string, mayCreate: boolean): Answered | Promise<Answered> => {
    const topic = log.topic(name)
    if (topic !== undefined) return describe(topic)
    return mayCreate ? create(name) : unknown(name, zeroUuid, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
  }
  const create = async (name: string): Promise<Answered> => {
    try {
      return describe(await creator.findOrCreate(name))
    } catch (error) {
      return unknown(name, zeroUuid, refusedByLog(error).errorCode)
    }
  }
  const answer = (asked: Asked, version: number, mayCreate: boolean): Answered | Promise<Answered> => {
    if (asked.name !== null) return byName(asked.name, mayCreate)
    if (version < byIdVersionMin) return unknown('', asked.topicId, ErrorCode.INVALID_REQUEST)
    const topic = lookup.byId(asked.topicId)
    return topic === undefined ? unknown(null, asked.topicId, ErrorCode.UNKNOWN_TOPIC_ID) : describe(topic)
  }

  return handler(metadata, async (request, { apiVersion }) => {
    const mayCreate = autoCreateTopics && request.allowAutoTopicCreation
    // Null asks for all topics; in version 0, which has no null, an empty list does.
    const asksForAll = request.topics === null || (apiVersion === 0 && request.topics.length === 0)
    const topics = asksForAll
      ? Array.from(log.topics(), describe)
      : await Promise.all(distinct(request.topics!).map(asked => answer(asked, apiVersion, mayCreate)))
    return {
      brokers: [node],
      clusterId: log.clusterId,
      controllerId: node.nodeId,
      topics,
    }
  })
}

function describeTopic(topic: Topic, topicId: string, nodeId: number): Answered {
  return {
    errorCode: ErrorCode.NONE,
    name: topic.name,
    topicId,
    isInternal: topic.internal,
    partitions: topic.partitions.map(({ index, leaderEpoch }) => ({
      errorCode: ErrorCode.NONE,
      partitionIndex: index,
      leaderId: nodeId,
      leaderEpoch,
      replicaNodes: [nodeId],
      isrNodes: [nodeId],
    })),
  }
}

function unknown(name: string | null, topicId: string, errorCode: number): Answered {
  return { errorCode, name, topicId, partitions: [] }
}

function distinct(asked: readonly Asked[]): Asked[] {
  return [...new Map(asked.map(each => [each.name ?? each.topicId, each])).values()]
}
