/** One partition of a topic as a source: positions are offsets, from where the manifest has it to where it ended when the run began (S18). */
import {
  type EventSource,
  packerErrors,
  recordBytes,
  type SourceSlice,
  type TopicPlace,
  type TopicRecord,
  topicSlice,
} from '@chronicle/packer'
import type { Logger } from '@chronicle/telemetry'
import { FetchIsolationLevels, ListOffsetTimestamps } from '@platformatic/kafka'
import { kafkaErrorsIn } from '../cli/client.ts'
import { type FetchedPartition, fetchedRecords, nextPosition } from '../cli/fetched.ts'
import { packerGroup, type TopicClient } from './topic-client.ts'

/** Of one answer, as it comes over the network; a batch that is larger comes alone. Batches may be compressed: they take more in memory. */
const fetchBytesMax = 256 * 1024
const fetchWaitMs = 500
/** Answers without a record, one after another, before the broker is not believed any more. */
const emptyFetchesMax = 20
/** The format of batches since Kafka 0.11. */
const batchFormat = 2

export type PartitionPlan = {
  readonly id: string
  readonly place: TopicPlace
  /** By which the broker knows the topic. */
  readonly fetchId: string
  readonly leader: number
  /** The oldest offset that is there. */
  readonly start: number
  /** Where to go on. */
  readonly from: number
  /** Behind the last record of a transaction that is over. */
  readonly end: number
}

export function partitionSource(client: TopicClient, plan: PartitionPlan, logger: Logger): EventSource {
  const reader = new PartitionReader(client, plan, logger)
  return {
    id: plan.id,
    name: `topic ${plan.place.topic}, partition ${plan.place.partition}`,
    read: bytesMax => reader.read(bytesMax),
    release: position => reader.tellGroup(position),
    skipTo: async position => reader.skipTo(position),
    backlogBytes: () => reader.progress().totalBytes - reader.progress().doneBytes,
    progress: () => reader.progress(),
    lostRecords: () => reader.lostRecords,
    close: async () => undefined,
  }
}

class PartitionReader {
  readonly #client: TopicClient
  readonly #plan: PartitionPlan
  readonly #logger: Logger
  lostRecords = 0
  /** Of the next record that is given out. */
  #position: number
  /** Behind what was fetched. */
  #fetchedTo: number
  /** Fetched, and not yet given out. */
  #waiting: TopicRecord[] = []
  #readBytes = 0
  #isChecked = false
  #canTellGroup = true

  constructor(client: TopicClient, plan: PartitionPlan, logger: Logger) {
    this.#client = client
    this.#plan = plan
    this.#logger = logger
    this.#position = plan.from
    this.#fetchedTo = plan.from
  }

  async read(bytesMax: number): Promise<SourceSlice | undefined> {
    if (!this.#isChecked) this.#check()
    const { end, place } = this.#plan
    const from = this.#position
    if (from >= end) return undefined
    for (let empty = 0; this.#waiting.length === 0 && this.#fetchedTo < end; ) {
      const before = this.#fetchedTo
      await this.#fetch()
      empty = this.#fetchedTo === before ? empty + 1 : 0
      if (empty === emptyFetchesMax)
        throw packerErrors.create('packer.topic-stalled', { ...place, offset: before, end })
    }
    const taken = this.#take(bytesMax)
    this.#position = this.#waiting[0]?.offset ?? this.#fetchedTo
    return topicSlice(taken, place, { from, next: this.#position })
  }

  skipTo(position: number): void {
    if (position <= this.#position) return
    this.#position = position
    this.#fetchedTo = Math.max(this.#fetchedTo, position)
    this.#waiting = this.#waiting.filter(({ offset }) => offset >= position)
  }

  /** In bytes, of which the rest is guessed from what was read. */
  progress(): { readonly doneBytes: number; readonly totalBytes: number } {
    const { from, end } = this.#plan
    const share = (end - from) / Math.max(1, this.#position - from)
    return { doneBytes: this.#readBytes, totalBytes: Math.round(this.#readBytes * share) }
  }

  /** For people who look at lag: the first failure is said, and it is not tried again in this run. */
  async tellGroup(position: number): Promise<void> {
    if (!this.#canTellGroup) return
    const { topic, partition } = this.#plan.place
    const topics = [{ name: topic, partitionOffsets: [{ partition, offset: BigInt(position) }] }]
    try {
      await this.#client.ask(() => this.#client.admin.alterConsumerGroupOffsets({ groupId: packerGroup, topics }))
    } catch (error) {
      this.#canTellGroup = false
      this.#logger.warn(
        { topic, partition, group: packerGroup, error },
        'the offset is in the manifest, but the group does not show it',
      )
    }
  }

  /** What the log has between the last run and this one. */
  #check(): void {
    const { place, from, start, end } = this.#plan
    if (from > end) throw packerErrors.create('packer.topic-shorter', { ...place, packedTo: from, end })
    if (from < start) this.#passOver(start)
    this.#isChecked = true
  }

  /** Says and counts what was deleted before it was read (S19). */
  #passOver(start: number): void {
    const { place, end } = this.#plan
    const to = Math.min(start, end)
    const records = to - this.#fetchedTo
    const facts = { topic: place.topic, partition: place.partition, from: this.#fetchedTo, to, records }
    this.#logger.warn(facts, 'records of a topic were deleted before they were packed: its retention was faster')
    this.lostRecords += records
    this.#fetchedTo = to
  }

  async #fetch(): Promise<void> {
    try {
      const partition = await this.#client.ask(() => this.#ask())
      const records = [...fetchedRecords(partition, this.#fetchedTo)].filter(({ offset }) => offset < this.#plan.end)
      this.#waiting = records.map(({ timestamp, ...record }) => ({ ...record, timestampMs: timestamp }))
      this.#fetchedTo = Math.min(nextPosition(partition, this.#fetchedTo), this.#plan.end)
    } catch (error) {
      if (!kafkaErrorsIn(error).includes('OFFSET_OUT_OF_RANGE')) throw error
      const start = await this.#client.ask(() => this.#startNow())
      if (start <= this.#fetchedTo) throw error
      this.#passOver(start)
    }
  }

  async #ask(): Promise<FetchedPartition> {
    const { place, fetchId, leader } = this.#plan
    const asked = {
      partition: place.partition,
      fetchOffset: BigInt(this.#fetchedTo),
      currentLeaderEpoch: -1,
      lastFetchedEpoch: -1,
      partitionMaxBytes: fetchBytesMax,
    }
    const response = await this.#client.consumer.fetch({
      node: leader,
      maxWaitTime: fetchWaitMs,
      minBytes: 1,
      maxBytes: fetchBytesMax,
      isolationLevel: FetchIsolationLevels.READ_COMMITTED,
      topics: [{ topicId: fetchId, partitions: [asked] }],
    })
    const partition = response.responses[0]?.partitions[0]
    const other = partition?.records?.find(({ magic }) => magic !== batchFormat)
    if (partition && !other) return partition
    const reason = other ? `a batch has format ${other.magic}, read is ${batchFormat}` : 'its answer is empty'
    throw packerErrors.create('packer.topic-refused', { topic: place.topic, partition: place.partition, reason })
  }

  async #startNow(): Promise<number> {
    const { topic, partition } = this.#plan.place
    const partitions = [{ partitionIndex: partition, timestamp: ListOffsetTimestamps.EARLIEST }]
    const [listed] = await this.#client.admin.listOffsets({ topics: [{ name: topic, partitions }] })
    return Number(listed?.partitions[0]?.offset ?? 0n)
  }

  /** About `bytesMax` of what waits, and at least one record where there is one. */
  #take(bytesMax: number): TopicRecord[] {
    let [count, bytes] = [0, 0]
    while (count < this.#waiting.length && bytes < bytesMax) bytes += recordBytes(this.#waiting[count++]!)
    this.#readBytes += bytes
    return this.#waiting.splice(0, count)
  }
}
