import { suggest } from '@chronicle/config'
import { type Admin, ListOffsetTimestamps } from '@platformatic/kafka'
import { serverErrors } from '../errors.ts'

/** Where a partition begins and ends: offset of its oldest record, offset after its newest. */
export type Range = { readonly partition: number; readonly start: number; readonly end: number }

/** The ranges of all partitions of `topics`, by topic, each sorted by partition. */
export async function rangesOf(
  admin: Admin,
  partitionsByTopic: ReadonlyMap<string, number>,
): Promise<Map<string, Range[]>> {
  const [starts, ends] = await Promise.all([
    offsetsAt(admin, partitionsByTopic, ListOffsetTimestamps.EARLIEST),
    offsetsAt(admin, partitionsByTopic, ListOffsetTimestamps.LATEST),
  ])
  const rangesOfTopic = (topic: string, count: number): Range[] =>
    Array.from({ length: count }, (_, partition) => ({
      partition,
      start: starts.get(`${topic}/${partition}`) ?? 0,
      end: ends.get(`${topic}/${partition}`) ?? 0,
    }))
  return new Map([...partitionsByTopic].map(([topic, count]) => [topic, rangesOfTopic(topic, count)]))
}

async function offsetsAt(
  admin: Admin,
  partitionsByTopic: ReadonlyMap<string, number>,
  timestamp: bigint,
): Promise<Map<string, number>> {
  if (partitionsByTopic.size === 0) return new Map()
  const topics = [...partitionsByTopic].map(([name, count]) => ({
    name,
    partitions: Array.from({ length: count }, (_, partitionIndex) => ({ partitionIndex, timestamp })),
  }))
  const listed = await admin.listOffsets({ topics })
  return new Map(
    listed.flatMap(({ name, partitions }) =>
      partitions.map(({ partitionIndex, offset }) => [`${name}/${partitionIndex}`, Number(offset)] as const),
    ),
  )
}

/** How many partitions each of `topics` has. Refuses a topic that is not there: asking for it could make it. */
export async function partitionCounts(admin: Admin, topics: readonly string[]): Promise<Map<string, number>> {
  if (topics.length === 0) return new Map()
  const known = await admin.listTopics({ includeInternals: true })
  const missing = topics.find(topic => !known.includes(topic))
  if (missing !== undefined) {
    throw serverErrors.create('server.topic-not-found', { topic: missing, didYouMean: suggest(missing, known) })
  }
  const metadata = await admin.metadata({ topics: [...topics], autocreateTopics: false, forceUpdate: true })
  return new Map([...metadata.topics].map(([name, { partitionsCount }]) => [name, partitionsCount]))
}

export function recordsIn(ranges: readonly Range[]): number {
  return ranges.reduce((sum, { start, end }) => sum + (end - start), 0)
}
