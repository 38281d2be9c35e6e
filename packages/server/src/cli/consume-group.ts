import { systemClock } from '@chronicle/base'
import {
  type Consumer,
  type Message,
  type MessagesStream,
  MessagesStreamFallbackModes,
  MessagesStreamModes,
} from '@platformatic/kafka'
import { withAdmin, withConsumer } from './client.ts'
import type { ConsumeOptions } from './consume-options.ts'
import { rangesOfTopic } from './consume-partitions.ts'
import type { Range } from './offsets.ts'
import type { RecordPrinter } from './record-printer.ts'

/** What was printed is committed this often, and at the end. */
const commitEveryMs = 1000

type ByteConsumer = Consumer<Buffer, Buffer, Buffer, Buffer>
type ByteMessage = Message<Buffer, Buffer, Buffer, Buffer>
type ByteStream = MessagesStream<Buffer, Buffer, Buffer, Buffer>

/** Reads as a member of a group, from where the group left off; the beginning where it has not been. */
export async function consumeAsGroup(
  topic: string,
  options: ConsumeOptions & { group: string },
  printer: RecordPrinter,
  interrupted: AbortSignal,
): Promise<void> {
  const ranges = await withAdmin(options, admin => rangesOfTopic(admin, topic))
  await withConsumer({ ...options, groupId: options.group }, async consumer => {
    const stream = await consumer.consume({
      topics: [topic],
      mode: MessagesStreamModes.COMMITTED,
      fallbackMode: MessagesStreamFallbackModes.EARLIEST,
      autocommit: false,
    })
    interrupted.addEventListener('abort', () => void stream.close())
    const ends = new Map(options.follow ? [] : ranges.map(({ partition, end }) => [partition, end]))
    const unread = options.follow ? undefined : await unreadPartitions(consumer, topic, ranges)
    const commits = new Commits(consumer)
    try {
      await readStream(stream, { unread, ends, printer, commits, interrupted })
      await commits.flush()
    } finally {
      await stream.close()
    }
  })
}

type GroupReading = {
  /** Partitions that have records below `ends` still; undefined when there is no end. */
  readonly unread: Set<number> | undefined
  readonly ends: ReadonlyMap<number, number>
  readonly printer: RecordPrinter
  readonly commits: Commits
  readonly interrupted: AbortSignal
}

async function readStream(stream: ByteStream, reading: GroupReading): Promise<void> {
  const { unread, ends, printer, commits, interrupted } = reading
  if (unread?.size === 0) return
  for await (const message of stream) {
    if (interrupted.aborted) return
    const offset = Number(message.offset)
    const isPastEnd = offset >= (ends.get(message.partition) ?? Number.POSITIVE_INFINITY)
    if (!isPastEnd) {
      await printer.print(recordOf(message))
      await commits.add(message)
    }
    if (offset + 1 >= (ends.get(message.partition) ?? Number.POSITIVE_INFINITY)) unread?.delete(message.partition)
    if (printer.isDone || unread?.size === 0) return
  }
}

/** The assigned partitions where the group is not at the end yet. */
async function unreadPartitions(consumer: ByteConsumer, topic: string, ranges: readonly Range[]): Promise<Set<number>> {
  const partitions = consumer.assignments?.flatMap(each => (each.topic === topic ? each.partitions : [])) ?? []
  if (partitions.length === 0) return new Set()
  const committed = (await consumer.listCommittedOffsets({ topics: [{ topic, partitions }] })).get(topic) ?? []
  const isBehind = ({ partition, start, end }: Range): boolean =>
    Math.max(start, Number(committed[partition] ?? -1n)) < end
  return new Set(
    ranges.filter(range => partitions.includes(range.partition) && isBehind(range)).map(range => range.partition),
  )
}

function recordOf(message: ByteMessage): Parameters<RecordPrinter['print']>[0] {
  const { topic, partition, offset, timestamp, key, value, headerEntries } = message
  return {
    topic,
    partition,
    offset: Number(offset),
    timestamp: Number(timestamp),
    key,
    value,
    headers: headerEntries.map(([name, header]) => [String(name), header]),
  }
}

/** Commits what was printed, now and then. */
class Commits {
  readonly #consumer: ByteConsumer
  readonly #pending = new Map<number, ByteMessage>()
  #lastAt = systemClock.monotonic()

  constructor(consumer: ByteConsumer) {
    this.#consumer = consumer
  }

  async add(message: ByteMessage): Promise<void> {
    this.#pending.set(message.partition, message)
    if (systemClock.monotonic() - this.#lastAt >= commitEveryMs) await this.flush()
  }

  async flush(): Promise<void> {
    this.#lastAt = systemClock.monotonic()
    if (this.#pending.size === 0) return
    const offsets = [...this.#pending.values()].map(({ topic, partition, offset, leaderEpoch }) => ({
      topic,
      partition,
      offset: offset + 1n,
      leaderEpoch,
    }))
    this.#pending.clear()
    await this.#consumer.commit({ offsets })
  }
}
