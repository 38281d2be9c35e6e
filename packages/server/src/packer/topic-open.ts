import { suggest } from '@chronicle/config'
import { type OpenedTopic, type OpenTopic, packerErrors, type TopicRequest } from '@chronicle/packer'
import type { Logger } from '@chronicle/telemetry'
import { FetchIsolationLevels, ListOffsetTimestamps } from '@platformatic/kafka'
import { type TopicClient, topicClient } from './topic-client.ts'
import { type PartitionPlan, partitionSource } from './topic-source.ts'

const noTopicId = '00000000-0000-0000-0000-000000000000'

/** Topics of a broker that speaks Kafka's protocol, read from where the manifest has them to where they end now. */
export function topicsOver(logger: Logger): OpenTopic {
  return async request => {
    const client = topicClient(request.topic, request.bootstrap)
    try {
      const plans = await client.ask(() => plansOf(client, request, logger))
      return opened(client, plans, logger)
    } catch (error) {
      await client.close()
      throw error
    }
  }
}

function opened(client: TopicClient, plans: readonly PartitionPlan[], logger: Logger): OpenedTopic {
  const waiting = plans.filter(({ from, end }) => from !== end)
  return { sources: waiting.map(plan => partitionSource(client, plan, logger)), close: () => client.close() }
}

async function plansOf(client: TopicClient, request: TopicRequest, logger: Logger): Promise<PartitionPlan[]> {
  const { admin } = client
  const { topic, committed } = request
  const found = await findTopic(client, topic)
  const partitions = found.partitions.length
  const [starts, ends] = [
    await offsets(admin, topic, partitions, ListOffsetTimestamps.EARLIEST),
    await offsets(admin, topic, partitions, ListOffsetTimestamps.LATEST),
  ]
  sayIfNew(found.topicId, request, logger)
  return found.partitions.map((leader, partition) => {
    const id = sourceId(found.topicId, topic, partition)
    const start = starts.get(partition) ?? 0
    const place = { topic, partition, topicId: found.topicId }
    const from = Object.hasOwn(committed, id) ? committed[id]! : start
    return { id, place, fetchId: found.fetchId, leader, start, from, end: ends.get(partition) ?? 0 }
  })
}

/** How the manifest names a partition: stays over restarts, and differs when the topic was made again. */
export function sourceId(topicId: string, topic: string, partition: number): string {
  return `topic/${topicId}/${topic}/${partition}`
}

/** Refuses a topic that is not there: asking for it could make it. */
async function findTopic({ admin, consumer }: TopicClient, topic: string) {
  const known = await admin.listTopics({ includeInternals: true })
  if (!known.includes(topic)) {
    throw packerErrors.create('packer.topic-not-found', { topic, didYouMean: suggest(topic, known) })
  }
  const metadata = await consumer.metadata({ topics: [topic], autocreateTopics: false, forceUpdate: true })
  const found = metadata.topics.get(topic)
  if (!found) throw packerErrors.create('packer.topic-refused', { topic, reason: 'the broker keeps it for itself' })
  const hasId = found.id !== noTopicId && found.id !== topic
  return {
    fetchId: found.id,
    topicId: hasId ? found.id : metadata.id,
    partitions: found.partitions.map(({ leader }) => leader),
  }
}

async function offsets(
  admin: TopicClient['admin'],
  topic: string,
  count: number,
  timestamp: bigint,
): Promise<Map<number, number>> {
  const partitions = Array.from({ length: count }, (_, partitionIndex) => ({ partitionIndex, timestamp }))
  const isolationLevel = FetchIsolationLevels.READ_COMMITTED
  const listed = await admin.listOffsets({ topics: [{ name: topic, partitions }], isolationLevel })
  return new Map(
    listed.flatMap(each => each.partitions).map(({ partitionIndex, offset }) => [partitionIndex, Number(offset)]),
  )
}

/** A topic that was deleted and made again is another one: it is packed from its beginning, and that is said. */
function sayIfNew(topicId: string, { topic, committed }: TopicRequest, logger: Logger): void {
  const known = Object.keys(committed)
    .map(id => id.split('/'))
    .filter(([kind, , name]) => kind === 'topic' && name === topic)
    .map(([, id]) => id)
  if (known.length === 0 || known.includes(topicId)) return
  logger.warn(
    { topic, topicId, before: known.at(-1) },
    'the topic was deleted and made again; it is packed from its beginning',
  )
}
