/**
 * What the checks ask of a Kafka client, whatever it is written in. A driver is the few lines that put one real
 * client behind it.
 */
export const compressions = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const
export type Compression = (typeof compressions)[number]

export type ClientRecord = {
  readonly partition: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly (readonly [name: string, value: Buffer])[]
  /** Milliseconds since the Unix epoch. */
  readonly timestamp: number
}

export type ReceivedRecord = ClientRecord & { readonly offset: number }

export type ProduceOptions = { readonly compression: Compression; readonly idempotent: boolean }

/** A connected client. Every call rejects with what the client itself says went wrong. */
export type Client = {
  createTopic(topic: string, partitions: number): Promise<void>
  deleteTopic(topic: string): Promise<void>
  topics(): Promise<string[]>
  partitionCount(topic: string): Promise<number>
  groups(): Promise<string[]>
  /** Sends with acks=all, in order; resolves when all are acknowledged. */
  produce(topic: string, records: readonly ClientRecord[], options: ProduceOptions): Promise<void>
  /** Offset of the first record whose timestamp is `timestamp` or later. */
  offsetForTimestamp(topic: string, partition: number, timestamp: number): Promise<number>
  /** `count` records of a partition from `offset` on, read without a group's help (or with a seek in one of its own). */
  readFrom(topic: string, partition: number, offset: number, count: number): Promise<ReceivedRecord[]>
  /**
   * Joins `group` for `topic`, from the committed offsets on, from the earliest where there are none; with `instanceId` as a
   * static member (KIP-345).
   */
  join(group: string, topic: string, instanceId?: string): Promise<Member>
  close(): Promise<void>
}

/** A member of a consumer group. */
export type Member = {
  /** The next records: resolves with `count` of them, or with what has come when `withinMs` are over. */
  poll(count: number, withinMs: number): Promise<ReceivedRecord[]>
  /** Partitions that the member holds now. Clients that only learn of changes while polling are polled. */
  assignment(): Promise<number[]>
  /** Commits the position after what `poll` has returned. */
  commit(): Promise<void>
  leave(): Promise<void>
}

/** What not every client can do or say. */
export type Feature =
  | 'admin'
  | 'list groups'
  | 'idempotence'
  | 'timestamps'
  | 'empty values'
  | 'offsets by time'
  | 'assignment'
  | 'static members'

export type Driver = {
  readonly name: string
  /** Why the client cannot run on this machine, or undefined. */
  missing(): string | undefined | Promise<string | undefined>
  readonly lacks: readonly Feature[]
  /** The codecs that the client has on this machine. */
  compressions(): readonly Compression[] | Promise<readonly Compression[]>
  connect(bootstrap: string): Promise<Client>
}
