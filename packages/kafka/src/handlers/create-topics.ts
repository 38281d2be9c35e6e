import type { Log, Topic } from '@chronicle/log'
import type { RequestOf, ResponseOf } from '../codec/schema.ts'
import { ErrorCode } from '../error-codes.ts'
import { type Handler, handler } from '../handler.ts'
import { createTopics } from '../messages/index.ts'
import { type Refused, refused, refusedByLog } from './log-error.ts'
import type { HandlerOptions } from './options.ts'
import type { TopicLookup } from './topic-lookup.ts'
import { configEntries, repeated } from './topic-results.ts'

type Asked = RequestOf<typeof createTopics>['topics'][number]
type Answered = ResponseOf<typeof createTopics>['topics'][number]
type NewTopic = Parameters<Log['createTopic']>[0]

/** The broker's own choice (KIP-464). */
const brokerDefault = -1

export function createTopicsHandler(options: HandlerOptions, lookup: TopicLookup): Handler<typeof createTopics> {
  const { log } = options
  const answer = async (asked: Asked, again: boolean, validateOnly: boolean): Promise<Answered> => {
    const { name } = asked
    const refusal = again ? refused('INVALID_REQUEST', 'The topic is named more than once') : refusalOf(asked, options)
    if (refusal !== undefined) return { name, ...refusal }
    try {
      const topic = newTopic(asked, options.defaultPartitions)
      if (!validateOnly) return created(await log.createTopic(topic), lookup)
      log.checkTopic(topic)
      return described(name, topic.partitions, topic.configs ?? {})
    } catch (error) {
      return { name, ...refusedByLog(error) }
    }
  }
  return handler(createTopics, async ({ topics, validateOnly }) => {
    const again = repeated(topics.map(({ name }) => name))
    const answers = topics.map(asked => answer(asked, again.has(asked.name), validateOnly))
    return { topics: await Promise.all(answers) }
  })
}

function created(topic: Topic, lookup: TopicLookup): Answered {
  return { ...described(topic.name, topic.partitions.length, topic.configs), topicId: lookup.idOf(topic) }
}

function described(name: string, numPartitions: number, configs: Readonly<Record<string, string>>): Answered {
  return {
    name,
    errorCode: ErrorCode.NONE,
    errorMessage: null,
    numPartitions,
    replicationFactor: 1,
    configs: configEntries({ configs }),
  }
}

function newTopic({ name, numPartitions, assignments, configs }: Asked, defaultPartitions: number): NewTopic {
  const asked = numPartitions === brokerDefault ? defaultPartitions : numPartitions
  return {
    name,
    partitions: assignments.length > 0 ? assignments.length : asked,
    configs: Object.fromEntries(configs.map(({ name: config, value }) => [config, value!])),
  }
}

/** What the log cannot know of: replicas, assignments, configs without a value. */
function refusalOf(asked: Asked, { node }: HandlerOptions): Refused | undefined {
  const { numPartitions, replicationFactor, assignments, configs } = asked
  if (assignments.length > 0) {
    if (numPartitions !== brokerDefault || replicationFactor !== brokerDefault) {
      return refused('INVALID_REQUEST', 'With assignments, numPartitions and replicationFactor have to be -1')
    }
    return assignmentRefusal(assignments, node.nodeId)
  }
  if (replicationFactor !== 1 && replicationFactor !== brokerDefault) {
    const why = `The replication factor is ${replicationFactor} and there is one broker; accepted are 1 and -1`
    return refused('INVALID_REPLICATION_FACTOR', why)
  }
  if (numPartitions < 1 && numPartitions !== brokerDefault) {
    const why = `The number of partitions is ${numPartitions}; accepted are 1 and more, and -1 for the broker's default`
    return refused('INVALID_PARTITIONS', why)
  }
  const empty = configs.find(({ value }) => value === null)
  if (empty) return refused('INVALID_CONFIG', `The config ${empty.name} has no value`)
  const twice = [...repeated(configs.map(({ name }) => name))][0]
  return twice === undefined ? undefined : refused('INVALID_CONFIG', `The config ${twice} is given more than once`)
}

function assignmentRefusal(assignments: Asked['assignments'], nodeId: number): Refused | undefined {
  const byIndex = [...assignments].sort((a, b) => a.partitionIndex - b.partitionIndex)
  for (const [at, { partitionIndex, brokerIds }] of byIndex.entries()) {
    if (partitionIndex !== at) {
      return refused('INVALID_REPLICA_ASSIGNMENT', 'The partitions have to be numbered from 0 without a gap')
    }
    if (brokerIds.length !== 1 || brokerIds[0] !== nodeId) {
      const why = `Partition ${at} is assigned to [${brokerIds.join(', ')}]; the only broker is ${nodeId}`
      return refused('INVALID_REPLICA_ASSIGNMENT', why)
    }
  }
  return undefined
}
