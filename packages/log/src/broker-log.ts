import { assert, type Random } from '@chronicle/base'
import type { CommittedOffset, Log, OffsetCommit, StoredGroup, Topic } from './contract.ts'
import type { Engine } from './engine.ts'
import { logErrors } from './errors.ts'
import type { LogState } from './log-state.ts'
import type { Maintenance } from './maintenance.ts'
import type { TopicPartition } from './metadata/entries.ts'
import type { PartitionLog } from './partition.ts'
import { ProducerIds } from './producer-ids.ts'
import { type NewTopic, TopicCommands } from './topic-commands.ts'

const noOffsets: ReadonlyMap<string, ReadonlyMap<number, CommittedOffset>> = new Map()

/** The log over one write-ahead log. See {@link Log} for what the outside sees. */
export class BrokerLog implements Log {
  readonly clusterId: string
  readonly #engine: Engine
  readonly #state: LogState
  readonly #maintenance: Maintenance
  readonly #commands: TopicCommands
  readonly #producerIds: ProducerIds
  #closing: Promise<void> | undefined

  constructor(engine: Engine, state: LogState, maintenance: Maintenance, clusterId: string, random: Random) {
    this.clusterId = clusterId
    this.#engine = engine
    this.#state = state
    this.#maintenance = maintenance
    this.#commands = new TopicCommands(state, random, engine.settings)
    this.#producerIds = new ProducerIds(state.journal)
  }

  topics(): Iterable<Topic> {
    return this.#state.topics()
  }

  topic(name: string): Topic | undefined {
    return this.#state.topic(name)
  }

  topicById(id: string): Topic | undefined {
    return this.#state.topicById(id)
  }

  partition(topic: string, index: number): PartitionLog | undefined {
    return this.#state.topic(topic)?.partitions[index] as PartitionLog | undefined
  }

  createTopic(topic: NewTopic): Promise<Topic> {
    return this.#commands.create(topic)
  }

  checkTopic(topic: NewTopic): void {
    this.#commands.check(topic)
  }

  async deleteTopic(name: string): Promise<void> {
    await this.#commands.delete(name)
    void this.#maintenance.reclaim()
  }

  createPartitions(name: string, total: number): Promise<Topic> {
    return this.#commands.addPartitions(name, total)
  }

  setTopicConfigs(name: string, configs: Record<string, string>): Promise<void> {
    return this.#commands.setConfigs(name, configs)
  }

  async deleteRecords(topic: string, partition: number, beforeOffset: number): Promise<number> {
    const found = this.partition(topic, partition)
    if (!found) throw logErrors.create('log.unknown-topic', { topic: topic.slice(0, 300), partition })
    const { logStartOffset, highWatermark, logEndOffset } = found
    // Kafka's DeleteRecords names the high watermark −1.
    const offset = beforeOffset === -1 ? highWatermark : beforeOffset
    if (!(Number.isInteger(offset) && offset >= 0 && offset <= highWatermark)) {
      const facts = { topic, partition, offset: beforeOffset, logStartOffset, logEndOffset }
      throw logErrors.create('log.offset-out-of-range', { ...facts, accepted: `at most ${highWatermark}` })
    }
    if (offset > logStartOffset) {
      await this.#state.journal.append({ type: 'log-start-moved', starts: [{ stream: found.stream, offset }] })
      void this.#maintenance.reclaim()
    }
    return found.logStartOffset
  }

  allocateProducerId(): Promise<number> {
    return this.#producerIds.allocate()
  }

  committedOffset(groupId: string, topic: string, partition: number): CommittedOffset | undefined {
    return this.#state.journal.state.groups.get(groupId)?.offsets.get(topic)?.get(partition)
  }

  committedOffsets(groupId: string): ReadonlyMap<string, ReadonlyMap<number, CommittedOffset>> {
    return this.#state.journal.state.groups.get(groupId)?.offsets ?? noOffsets
  }

  async commitOffsets(groupId: string, offsets: readonly OffsetCommit[]): Promise<void> {
    if (offsets.length === 0) return
    this.#checkGroups(groupId)
    for (const { offset, leaderEpoch, commitTimestamp } of offsets) {
      assert(Number.isFinite(offset + leaderEpoch + commitTimestamp), 'what is committed can be read back')
    }
    await this.#state.journal.append({ type: 'offsets-committed', groupId, offsets })
  }

  async deleteOffsets(groupId: string, partitions: readonly TopicPartition[]): Promise<void> {
    if (partitions.length === 0) return
    await this.#state.journal.append({ type: 'offsets-deleted', groupId, partitions })
  }

  *groups(): Iterable<StoredGroup> {
    for (const [groupId, { state }] of this.#state.journal.state.groups) {
      if (state !== undefined) yield { groupId, state }
    }
  }

  storedGroup(groupId: string): StoredGroup | undefined {
    const state = this.#state.journal.state.groups.get(groupId)?.state
    return state === undefined ? undefined : { groupId, state }
  }

  groupIds(): ReadonlySet<string> {
    return new Set(this.#state.journal.state.groups.keys())
  }

  async storeGroup({ groupId, state }: StoredGroup): Promise<void> {
    this.#checkGroups(groupId)
    // An undefined state would vanish in JSON and stop the next start.
    await this.#state.journal.append({ type: 'group-stored', groupId, state: state ?? null })
  }

  async deleteGroup(groupId: string): Promise<void> {
    await this.#state.journal.append({ type: 'group-deleted', groupId })
  }

  get ready(): boolean {
    return this.#engine.wal().ready
  }

  whenReady(): Promise<void> {
    return this.#engine.wal().whenReady()
  }

  /** Flushes what was accepted, takes a last snapshot and closes the write-ahead log. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    this.#engine.close()
    await this.#maintenance.stop()
    if (!this.#engine.failure) {
      await this.#engine.durable()
      await this.#maintenance.snapshot()
    }
    await this.#engine.wal().close()
  }

  #checkGroups(groupId: string): void {
    const { groups } = this.#state.journal.state
    const { groupsMax } = this.#engine.settings
    if (groups.size < groupsMax || groups.has(groupId)) return
    throw logErrors.create('log.limit', { limit: 'groupsMax', accepted: groupsMax })
  }
}
