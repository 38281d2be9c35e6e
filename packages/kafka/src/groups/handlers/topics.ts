import type { Log, Topic } from '@chronicle/log'
import { uuidFromKafka } from '../../uuid.ts'

/** The topic that a request names, by its id where the version has ids. */
export function findTopic(
  log: Log,
  { name, topicId }: { readonly name: string; readonly topicId: string },
  byId: boolean,
): Topic | undefined {
  if (!byId) return log.topic(name)
  const id = uuidFromKafka(topicId)
  return id === undefined ? undefined : log.topicById(id)
}
