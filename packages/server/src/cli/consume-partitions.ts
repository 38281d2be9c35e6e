import { type Admin, type Consumer, FetchIsolationLevels } from '@platformatic/kafka'
import { serverErrors } from '../errors.ts'
import { withAdmin, withConsumer } from './client.ts'
import type { ConsumeOptions } from './consume-options.ts'
import { type FetchResponse, nextPosition, recordsOf } from './fetched.ts'
import { partitionCounts, type Range, rangesOf } from './offsets.ts'
import type { RecordPrinter } from './record-printer.ts'

/** How long a fetch waits for records before it is asked again: Ctrl-C is heard meanwhile. */
const fetchWaitMs = 500
const fetchBytesMax = 8 << 20

/** One partition being read: the offset to go on from, and the one to end before. */
type Reading = { readonly partition: number; position: number; readonly end: number }

/** Reads partitions directly, as no member of any group. */
export async function consumePartitions(
  topic: string,
  options: ConsumeOptions,
  printer: RecordPrinter,
  interrupted: AbortSignal,
): Promise<void> {
  const readings = await withAdmin(options, admin => chooseReadings(admin, topic, options))
  // The library wants the name of a group; none is joined.
  await withConsumer({ ...options, groupId: 'chronicle-cli' }, async consumer => {
    const hasMore = (): Reading[] => readings.filter(({ position, end }) => position < end)
    while (hasMore().length > 0 && !printer.isDone && !interrupted.aborted) {
      for (const response of await fetchAll(consumer, topic, hasMore())) {
        await printFetched(topic, response, readings, printer)
      }
    }
  })
}

async function chooseReadings(admin: Admin, topic: string, options: ConsumeOptions): Promise<Reading[]> {
  const ranges = await rangesOfTopic(admin, topic)
  const { partition } = options
  const chosen = partition === undefined ? ranges : ranges.filter(range => range.partition === partition)
  if (chosen.length === 0) {
    const accepted = ranges.length === 1 ? '0' : `0 to ${ranges.length - 1}`
    throw serverErrors.create('server.invalid-argument', { option: '--partition', value: partition, accepted })
  }
  return chosen.map(range => ({
    partition: range.partition,
    position: firstOffset(range, options),
    end: options.follow ? Number.POSITIVE_INFINITY : range.end,
  }))
}

export async function rangesOfTopic(admin: Admin, topic: string): Promise<Range[]> {
  return (await rangesOf(admin, await partitionCounts(admin, [topic]))).get(topic) ?? []
}

function firstOffset({ partition, start, end }: Range, { offset, fromBeginning, follow }: ConsumeOptions): number {
  if (offset === undefined) return follow && !fromBeginning ? end : start
  if (offset < 0) return Math.max(start, end + offset)
  if (offset >= start && offset <= end) return offset
  throw serverErrors.create('server.offset-not-there', { partition, offset, accepted: `${start} to ${end}` })
}

/** One fetch from each broker that leads some of `readings`. */
async function fetchAll(consumer: Consumer, topic: string, readings: readonly Reading[]): Promise<FetchResponse[]> {
  const { topics } = await consumer.metadata({ topics: [topic], autocreateTopics: false })
  const { id: topicId, partitions } = topics.get(topic)!
  const byLeader = Map.groupBy(readings, ({ partition }) => partitions[partition]!.leader)
  const fetches = [...byLeader].map(([node, led]) =>
    consumer.fetch({
      node,
      maxWaitTime: fetchWaitMs,
      minBytes: 1,
      maxBytes: fetchBytesMax,
      isolationLevel: FetchIsolationLevels.READ_COMMITTED,
      topics: [
        {
          topicId,
          partitions: led.map(({ partition, position }) => ({
            partition,
            fetchOffset: BigInt(position),
            currentLeaderEpoch: -1,
            lastFetchedEpoch: -1,
            partitionMaxBytes: fetchBytesMax,
          })),
        },
      ],
    }),
  )
  return Promise.all(fetches)
}

async function printFetched(
  topic: string,
  response: FetchResponse,
  readings: readonly Reading[],
  printer: RecordPrinter,
): Promise<void> {
  for (const partition of response.responses.flatMap(({ partitions }) => partitions)) {
    const reading = readings.find(each => each.partition === partition.partitionIndex)!
    for (const record of recordsOf(topic, partition, reading.position)) {
      if (printer.isDone || record.offset >= reading.end) break
      await printer.print(record)
    }
    reading.position = nextPosition(partition, reading.position)
  }
}
