import type { Topic } from '@chronicle/log'
import type { RequestOf, ResponseOf } from '../codec/schema.ts'
import { ErrorCode } from '../error-codes.ts'
import { type Handler, handler } from '../handler.ts'
import { createPartitions } from '../messages/index.ts'
import { type Refused, refused, refusedByLog } from './log-error.ts'
import type { HandlerOptions } from './options.ts'
import { repeated } from './topic-results.ts'

type Asked = RequestOf<typeof createPartitions>['topics'][number]
type Answered = ResponseOf<typeof createPartitions>['results'][number]

export function createPartitionsHandler({ log, node }: HandlerOptions): Handler<typeof createPartitions> {
  const answer = async (asked: Asked, again: boolean, validateOnly: boolean): Promise<Answered> => {
    const { name, count } = asked
    if (again) return { name, ...refused('INVALID_REQUEST', 'The topic is named more than once') }
    const topic = log.topic(name)
    if (topic === undefined) return { name, ...refused('UNKNOWN_TOPIC_OR_PARTITION', 'There is no such topic') }
    const refusal = refusalOf(asked, topic, node.nodeId)
    if (refusal !== undefined) return { name, ...refusal }
    try {
      if (!validateOnly) await log.createPartitions(name, count)
      return { name, errorCode: ErrorCode.NONE }
    } catch (error) {
      return { name, ...refusedByLog(error) }
    }
  }
  return handler(createPartitions, async ({ topics, validateOnly }) => {
    const again = repeated(topics.map(({ name }) => name))
    return {
      throttleTimeMs: 0,
      results: await Promise.all(topics.map(asked => answer(asked, again.has(asked.name), validateOnly))),
    }
  })
}

function refusalOf({ count, assignments }: Asked, { partitions }: Topic, nodeId: number): Refused | undefined {
  const added = count - partitions.length
  if (added <= 0) {
    const why = `The topic has ${partitions.length} partitions; ${count} were asked for, and only more are accepted`
    return refused('INVALID_PARTITIONS', why)
  }
  if (assignments === null) return undefined
  if (assignments.length !== added) {
    const why = `${assignments.length} assignments were given for ${added} new partitions`
    return refused('INVALID_REPLICA_ASSIGNMENT', why)
  }
  const elsewhere = assignments.some(({ brokerIds }) => brokerIds.length !== 1 || brokerIds[0] !== nodeId)
  return elsewhere ? refused('INVALID_REPLICA_ASSIGNMENT', `The only broker is ${nodeId}`) : undefined
}
