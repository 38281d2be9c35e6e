import { Admin } from '@platformatic/kafka'
import { clientOptions, type TopicBusOptions } from './topic-options.ts'

/** A batch may be this large before it is compressed, with room to spare. */
const messageBytesMax = 64 * 1024 * 1024

/** A key is of use for seconds; a publisher that starts reads all that are kept. Brokers remove whole segments, and none that is still written. */
const keysMs = 600_000

/** Makes the topic where it is not there, with room for the largest batch. One that is there stays as it is. */
export async function ensureTopic(options: TopicBusOptions, topic: string): Promise<void> {
  const admin = new Admin(clientOptions(options))
  try {
    const ofKeys = { 'retention.ms': keysMs, 'segment.ms': keysMs }
    const wanted = { 'max.message.bytes': messageBytesMax, ...(topic === options.topics.keys && ofKeys) }
    const configs = Object.entries(wanted).map(([name, value]) => ({ name, value: String(value) }))
    await admin.createTopics({ topics: [topic], partitions: 1, replicas: 1, configs })
  } catch (error) {
    if (!kafkaErrorsIn(error).includes('TOPIC_ALREADY_EXISTS')) throw error
  } finally {
    await admin.close()
  }
}

/** The names of Kafka errors in what the client library threw. */
export function kafkaErrorsIn(error: unknown): string[] {
  if (!(error instanceof Error)) return []
  const { apiId } = error as { apiId?: unknown }
  const inside = error instanceof AggregateError ? error.errors : []
  return [...(typeof apiId === 'string' ? [apiId] : []), ...[...inside, error.cause].flatMap(kafkaErrorsIn)]
}

/** Whether the broker will refuse it every time. */
export function isTooLarge(error: unknown): boolean {
  return kafkaErrorsIn(error).some(name => name === 'MESSAGE_TOO_LARGE' || name === 'RECORD_LIST_TOO_LARGE')
}
