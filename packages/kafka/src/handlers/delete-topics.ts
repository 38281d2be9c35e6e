import type { Log } from '@chronicle/log'
import type { ResponseOf } from '../codec/schema.ts'
import { ErrorCode } from '../error-codes.ts'
import { type Handler, handler } from '../handler.ts'
import { deleteTopics } from '../messages/index.ts'
import { zeroUuid } from '../uuid.ts'
import { refused, refusedByLog } from './log-error.ts'
import type { TopicLookup } from './topic-lookup.ts'

type Answered = ResponseOf<typeof deleteTopics>['responses'][number]
/** A topic by name, or with a null name by id. */
type Asked = { readonly name: string | null; readonly topicId: string }

export function deleteTopicsHandler(log: Log, lookup: TopicLookup): Handler<typeof deleteTopics> {
  const answer = async (asked: Asked): Promise<Answered> => {
    const { name, topicId } = asked
    if (name !== null && topicId !== zeroUuid) {
      return { name, topicId, ...refused('INVALID_REQUEST', 'A topic is named both by name and by id') }
    }
    const topic = name === null ? lookup.byId(topicId) : log.topic(name)
    if (topic === undefined) {
      const code = name === null ? 'UNKNOWN_TOPIC_ID' : 'UNKNOWN_TOPIC_OR_PARTITION'
      return { name, topicId, ...refused(code, 'There is no such topic') }
    }
    const deleted = { name: topic.name, topicId: lookup.idOf(topic) }
    try {
      await log.deleteTopic(topic.name)
      return { ...deleted, errorCode: ErrorCode.NONE }
    } catch (error) {
      return { ...deleted, ...refusedByLog(error) }
    }
  }
  return handler(deleteTopics, async ({ topics, topicNames }, { apiVersion }) => {
    const named = topicNames.map(name => ({ name, topicId: zeroUuid }))
    return { responses: await Promise.all((apiVersion < 6 ? named : topics).map(answer)) }
  })
}
