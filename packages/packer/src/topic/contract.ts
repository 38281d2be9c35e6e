import type { EventSource } from '../archive/contract.ts'

/** A record of a topic, as a client of Kafka's protocol reads it. */
export type TopicRecord = {
  readonly offset: number
  /** Since the epoch. */
  readonly timestampMs: number
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly headers: readonly (readonly [name: Uint8Array, value: Uint8Array | null])[]
}

/** Which partition it came from. */
export type TopicPlace = {
  readonly topic: string
  readonly partition: number
  /** Tells a topic from an older one of its name: the topic's own id, or the cluster's where topics have none. */
  readonly topicId: string
}

/** A topic with a source for each partition that has something to read. Sources hold until it is closed. */
export type OpenedTopic = { readonly sources: readonly EventSource[]; close(): Promise<void> }

export type TopicRequest = {
  readonly topic: string
  /** `HOST:PORT`, several with commas between them. */
  readonly bootstrap: string
  /** How far sources were packed, by their ids: each partition is read from there. */
  readonly committed: Readonly<Record<string, number>>
}

/** Finds a topic and what waits in it now. Rejects with `packer.topic-…`. */
export type OpenTopic = (request: TopicRequest) => Promise<OpenedTopic>
