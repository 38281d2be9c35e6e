/**
 * Fetch sessions (KIP-227): the broker remembers what a client fetches, the client sends only what changed, the broker answers
 * only with what has news. A client without a session names everything each time; nothing else is different for it.
 */
import type { Clock, Random } from '@chronicle/base'
import type { RequestOf } from '../codec/schema.ts'
import { ErrorCode } from '../error-codes.ts'
import type { BrokerLimits } from '../limits.ts'
import type { fetch } from '../messages/index.ts'
import { zeroUuid } from '../uuid.ts'

type Request = RequestOf<typeof fetch>
type AskedPartition = Request['topics'][number]['partitions'][number]

/** One partition that is fetched, and what the client was told of it last. */
export type FetchPartition = {
  readonly topic: string
  /** In Kafka's form; all zeros where the topic is named. */
  readonly topicId: string
  readonly partition: number
  asked: AskedPartition
  /** −1 = nothing was told, so the next answer names the partition. */
  toldHighWatermark: number
  toldLogStartOffset: number
}

export type FetchSession = {
  readonly id: number
  /** The epoch that the next request has to carry. */
  epoch: number
  readonly usesTopicIds: boolean
  /** In the order in which they are read: those that had records go to the end. */
  readonly partitions: Map<string, FetchPartition>
  usedAt: number
}

/** What one request fetches. Without a session the answer names every partition. */
export type FetchPlan = {
  readonly partitions: readonly FetchPartition[]
  readonly session: FetchSession | undefined
  readonly incremental: boolean
}

type SessionLimits = Pick<BrokerLimits, 'fetchSessionsMax' | 'fetchSessionEvictionMsMin' | 'fetchSessionPartitionsMax'>

export const noSession = 0
const initialEpoch = 0
const finalEpoch = -1
const epochMax = 0x7fffffff

export class FetchSessions {
  readonly #limits: SessionLimits
  readonly #clock: Clock
  readonly #random: Random
  /** The one that was used longest ago comes first. */
  readonly #sessions = new Map<number, FetchSession>()
  #partitions = 0

  constructor(limits: SessionLimits, clock: Clock, random: Random) {
    this.#limits = limits
    this.#clock = clock
    this.#random = random
  }

  get size(): number {
    return this.#sessions.size
  }

  /** What `request` fetches, or the error code that the whole answer carries. */
  plan(request: Request): FetchPlan | number {
    const { sessionId, sessionEpoch } = request
    if (sessionEpoch !== initialEpoch && sessionEpoch !== finalEpoch) return this.#continue(request)
    if (sessionId !== noSession) this.#close(sessionId)
    const partitions = partitionsOf(request)
    const session = sessionEpoch === initialEpoch && partitions.size > 0 ? this.#open(partitions) : undefined
    return { partitions: [...partitions.values()], session, incremental: false }
  }

  #continue(request: Request): FetchPlan | number {
    const session = this.#sessions.get(request.sessionId)
    if (session === undefined) return ErrorCode.FETCH_SESSION_ID_NOT_FOUND
    if (session.epoch !== request.sessionEpoch) return ErrorCode.INVALID_FETCH_SESSION_EPOCH
    const named = [...request.topics, ...request.forgottenTopicsData]
    if (named.some(({ topicId }) => (topicId !== zeroUuid) !== session.usesTopicIds)) {
      return ErrorCode.FETCH_SESSION_TOPIC_ID_ERROR
    }
    this.#update(session, request)
    if (this.#partitions > this.#limits.fetchSessionPartitionsMax) {
      // The client begins anew with everything, and gets no session then.
      this.#close(session.id)
      return ErrorCode.FETCH_SESSION_ID_NOT_FOUND
    }
    if (session.partitions.size === 0) {
      this.#close(session.id)
      return { partitions: [], session: undefined, incremental: true }
    }
    session.epoch = session.epoch === epochMax ? 1 : session.epoch + 1
    this.#used(session)
    return { partitions: [...session.partitions.values()], session, incremental: true }
  }

  #update(session: FetchSession, request: Request): void {
    const { partitions } = session
    const before = partitions.size
    for (const [key, partition] of partitionsOf(request)) {
      const known = partitions.get(key)
      if (known === undefined) partitions.set(key, partition)
      else known.asked = partition.asked
    }
    for (const topic of request.forgottenTopicsData) {
      for (const partition of topic.partitions) partitions.delete(keyOf(topic.topic, topic.topicId, partition))
    }
    this.#partitions += partitions.size - before
  }

  /** Undefined when there is no room: N9, nothing that is in use gives way. */
  #open(partitions: Map<string, FetchPartition>): FetchSession | undefined {
    if (this.#sessions.size >= this.#limits.fetchSessionsMax && !this.#evictOldest()) return undefined
    if (this.#partitions + partitions.size > this.#limits.fetchSessionPartitionsMax) return undefined
    const [first] = partitions.values()
    const usesTopicIds = first!.topicId !== zeroUuid
    const session = { id: this.#freeId(), epoch: 1, usesTopicIds, partitions, usedAt: this.#clock.monotonic() }
    this.#sessions.set(session.id, session)
    this.#partitions += partitions.size
    return session
  }

  #evictOldest(): boolean {
    const [oldest] = this.#sessions.values()
    if (oldest === undefined) return false
    if (this.#clock.monotonic() - oldest.usedAt < this.#limits.fetchSessionEvictionMsMin) return false
    this.#close(oldest.id)
    return true
  }

  #close(id: number): void {
    const session = this.#sessions.get(id)
    if (session === undefined) return
    this.#sessions.delete(id)
    this.#partitions -= session.partitions.size
  }

  #used(session: FetchSession): void {
    session.usedAt = this.#clock.monotonic()
    this.#sessions.delete(session.id)
    this.#sessions.set(session.id, session)
  }

  #freeId(): number {
    let id = noSession
    while (id === noSession || this.#sessions.has(id)) id = this.#random.int(epochMax)
    return id
  }
}

/** Later reads begin with those that had nothing to say this time. */
export function moveToEnd(session: FetchSession, partition: FetchPartition): void {
  const key = keyOf(partition.topic, partition.topicId, partition.partition)
  // It may have been forgotten by a later request meanwhile.
  if (session.partitions.delete(key)) session.partitions.set(key, partition)
}

function partitionsOf({ topics }: Request): Map<string, FetchPartition> {
  const partitions = new Map<string, FetchPartition>()
  for (const { topic, topicId, partitions: all } of topics) {
    for (const asked of all) {
      const { partition } = asked
      const entry = { topic, topicId, partition, asked, toldHighWatermark: -1, toldLogStartOffset: -1 }
      partitions.set(keyOf(topic, topicId, partition), entry)
    }
  }
  return partitions
}

function keyOf(topic: string, topicId: string, partition: number): string {
  return `${topicId === zeroUuid ? topic : topicId}/${partition}`
}
