/**
 * What protocols see of the log. Offsets and timestamps are numbers (whole, below 2^53), −1 where there is none.
 * Everything synchronous here answers from memory.
 */

/** One partition: an ordered sequence of record batches, stored and served as the bytes that were sent. */
export type Partition = {
  readonly topic: string
  readonly topicId: string
  readonly index: number
  readonly leaderEpoch: number
  /** Offset of the oldest record that may be read. */
  readonly logStartOffset: number
  /** Everything below is durable and may be read. */
  readonly highWatermark: number
  /** Offset that the next record will get. */
  readonly logEndOffset: number
  /** Everything below is decided: no transaction that began below it is still open. At most the high watermark. */
  readonly lastStableOffset: number

  /**
   * Checks one record batch (magic 2; length, CRC, counts, producer epoch and sequence), patches its base offset and
   * leader epoch in place, and appends it. Synchronous: `batch` may be reused afterwards. Await `Appended.durable` before acknowledging.
   * Throws a `logErrors` error and writes nothing when the batch is refused.
   */
  append(batch: Buffer): Appended

  /**
   * Whole batches from the one holding `offset` on, up to about `bytesMax`; the first one in full even if larger when
   * `atLeastOne`. Only below the high watermark, or below the last stable offset under 'read_committed'.
   * Throws 'log.offset-out-of-range' below the log start offset or above the log end offset; an empty result at the end.
   */
  read(offset: number, bytesMax: number, isolation: Isolation, atLeastOne: boolean): Records | Promise<Records>

  /** The earliest record whose timestamp is `timestamp` or later, exact to the record. */
  offsetForTimestamp(timestamp: number): Promise<TimestampedOffset | undefined>
  /** The record with the largest timestamp (KIP-734). */
  offsetForMaxTimestamp(): Promise<TimestampedOffset | undefined>

  /** Calls `listener` after each advance of the high watermark or last stable offset. Returns how to stop that. */
  subscribe(listener: () => void): () => void

  /** The end offset of `leaderEpoch`, and the largest epoch at most that, for OffsetForLeaderEpoch (KIP-101). */
  endOfEpoch(leaderEpoch: number): { leaderEpoch: number; endOffset: number }
}

export type Isolation = 'read_uncommitted' | 'read_committed'

export type Appended = {
  readonly baseOffset: number
  readonly logStartOffset: number
  /** True when the batch was a repetition of an earlier one and nothing was written: `baseOffset` is the first one's. */
  readonly duplicate: boolean
  /** Resolves once durable (shared by many appends), after the high watermark has passed the batch. */
  readonly durable: Promise<void>
}

export type Records = {
  /** Bytes of whole batches, in order; possibly several batches in a piece. Valid until `release`. */
  readonly pieces: readonly Uint8Array[]
  readonly bytes: number
  readonly abortedTransactions: readonly { readonly producerId: number; readonly firstOffset: number }[]
  /** Call exactly once, when the bytes have been sent or dropped. */
  release(): void
}

export type TimestampedOffset = { readonly offset: number; readonly timestamp: number; readonly leaderEpoch: number }

/** A topic as the metadata holds it. `id` is a UUID in text form. */
export type Topic = {
  readonly name: string
  readonly id: string
  readonly internal: boolean
  /** Only what was set on the topic; see `topicConfigs` for defaults. */
  readonly configs: Readonly<Record<string, string>>
  readonly partitions: readonly Partition[]
}

export type CommittedOffset = {
  readonly offset: number
  readonly leaderEpoch: number
  readonly metadata: string
  readonly commitTimestamp: number
}

/**
 * A consumer group as it survives a restart: what Kafka keeps in `__consumer_offsets`. The coordinator owns the meaning
 * of `state`, a JSON value.
 */
export type StoredGroup = { readonly groupId: string; readonly state: unknown }

/** The log of one broker. */
export type Log = {
  /** Identifies this installation; made at first start, kept for ever. A UUID in Kafka's base64 form (22 characters). */
  readonly clusterId: string
  topics(): Iterable<Topic>
  topic(name: string): Topic | undefined
  topicById(id: string): Topic | undefined
  partition(topic: string, index: number): Partition | undefined

  /** Resolves when the topic is durable. Rejects with 'log.topic-exists', 'log.invalid-topic', 'log.invalid-config', 'log.invalid-partitions'. */
  createTopic(topic: { name: string; partitions: number; configs?: Record<string, string> }): Promise<Topic>
  /** What `createTopic` would reject with, without creating. */
  checkTopic(topic: { name: string; partitions: number; configs?: Record<string, string> }): void
  deleteTopic(name: string): Promise<void>
  /** Adds partitions up to `total`. Rejects with 'log.invalid-partitions' when that is not more than there are. */
  createPartitions(name: string, total: number): Promise<Topic>
  /** Replaces all configs set on the topic. */
  setTopicConfigs(name: string, configs: Record<string, string>): Promise<void>
  /** Moves the log start offset up (retention, DeleteRecords). Resolves with the new one. */
  deleteRecords(topic: string, partition: number, beforeOffset: number): Promise<number>

  /** A producer id never given before. */
  allocateProducerId(): Promise<number>

  /** Offsets that a group has committed, by topic and partition. */
  committedOffset(groupId: string, topic: string, partition: number): CommittedOffset | undefined
  committedOffsets(groupId: string): ReadonlyMap<string, ReadonlyMap<number, CommittedOffset>>
  /** Resolves when durable. */
  commitOffsets(groupId: string, offsets: readonly OffsetCommit[]): Promise<void>
  deleteOffsets(groupId: string, partitions: readonly { topic: string; partition: number }[]): Promise<void>
  groups(): Iterable<StoredGroup>
  storedGroup(groupId: string): StoredGroup | undefined
  /** Every group known by a stored state or by committed offsets. */
  groupIds(): ReadonlySet<string>
  storeGroup(group: StoredGroup): Promise<void>
  /** Forgets the group's state and offsets. */
  deleteGroup(groupId: string): Promise<void>

  /**
   * False while producers have to wait: do not parse the next produce request before `whenReady`. What may last (a full disk, a failed
   * one) does not make them wait: appends are refused with 'log.storage' then.
   */
  readonly ready: boolean
  whenReady(): Promise<void>
  close(): Promise<void>
}

export type OffsetCommit = CommittedOffset & { readonly topic: string; readonly partition: number }
