import { lostEntry } from '@chronicle/wal'
import { batchBaseOffset, batchHeaderBytes } from './batch.ts'
import type { LogContext } from './context.ts'
import type { Topic } from './contract.ts'
import { batchEntry, metadataEntry } from './entry-kinds.ts'
import { logErrors } from './errors.ts'
import { Losses, lostProducerIdsMax } from './losses.ts'
import { fitAfterLoss, passStream } from './metadata/after-loss.ts'
import { decodeEntry, type MetadataEntry } from './metadata/entries.ts'
import { damaged } from './metadata/fields.ts'
import { MetadataJournal } from './metadata/journal.ts'
import type { TopicState } from './metadata/state.ts'
import { PartitionLog } from './partition.ts'
import { resolveConfig } from './topic-configs.ts'

/** All that the entries of the log amount to: the metadata, and the partitions that it speaks of. */
export class LogState {
  readonly journal: MetadataJournal
  readonly #context: LogContext
  readonly #partitions = new Map<number, PartitionLog>()
  readonly #topics = new Map<string, Topic>()
  readonly #topicsById = new Map<string, Topic>()
  readonly losses = new Losses()
  /** Streams of partitions whose topic was lost. */
  readonly #orphanStreams = new Set<number>()
  #replayed = 0
  #replayedAtMs: number | undefined

  constructor(context: LogContext) {
    this.#context = context
    this.journal = new MetadataJournal(context, entry => this.#onApplied(entry))
  }

  topics(): Iterable<Topic> {
    return this.#topics.values()
  }

  topic(name: string): Topic | undefined {
    return this.#topics.get(name)
  }

  topicById(id: string): Topic | undefined {
    return this.#topicsById.get(id)
  }

  partitions(): Iterable<PartitionLog> {
    return this.#partitions.values()
  }

  get partitionCount(): number {
    return this.#partitions.size
  }

  get replayed(): number {
    return this.#replayed
  }

  partitionOf(stream: number): PartitionLog | undefined {
    return this.#partitions.get(stream)
  }

  /** Takes one entry of the write-ahead log, durable and in its order. */
  replay(lsn: number, stream: number, kind: number, payload: Buffer): void {
    if (kind === lostEntry) {
      this.losses.met(lsn)
      return
    }
    this.#replayed++
    const { journal } = this
    if (journal.state.clusterId === undefined && kind !== metadataEntry && !this.losses.any) {
      throw logErrors.create('log.snapshot-damaged', {
        lsn,
        reason: 'no snapshot can be read and the log does not go back to its beginning',
      })
    }
    if (kind === metadataEntry) this.#replayMetadata(payload)
    else if (kind === batchEntry) this.#replayBatch(lsn, stream, payload)
    else throw damaged('kind', kind, `${batchEntry} or ${metadataEntry}`)
  }

  /** Makes topics and partitions what the metadata says, after it was filled from a snapshot. */
  restoreTopics(): void {
    for (const topic of this.journal.state.topics.values()) this.#putTopic(topic)
  }

  /** All has been replayed: makes up for what is not known any more, and says what is missing. */
  replayedAll(): void {
    if (!this.losses.any) return
    this.journal.state.nextProducerId += lostProducerIdsMax
    this.losses.report(this.#context.logger)
  }

  /** L13: what refers to lost entries is passed over. */
  #replayMetadata(payload: Buffer): void {
    const { journal, losses } = this
    const entry = decodeEntry(payload)
    if (!losses.any) {
      journal.applyNow(entry)
      return
    }
    const fitting = fitAfterLoss(journal.state, entry)
    if (fitting.length === 0) losses.orphans++
    for (const fit of fitting) journal.applyNow(fit)
  }

  /** L13: a gap in the offsets is accepted where a loss lies in it, and nowhere else. */
  #stepOverLoss(partition: PartitionLog, batch: Buffer, lsn: number): void {
    const { losses } = this
    const { logEndOffset } = partition
    const baseOffset = batch.length < batchHeaderBytes ? -1 : batchBaseOffset(batch, 0)
    if (baseOffset <= logEndOffset || losses.lastLsn <= partition.lastLsn) return
    partition.skipLost(baseOffset, losses.lastLsn, lsn)
    losses.missing(partition, logEndOffset, baseOffset)
  }

  #replayBatch(lsn: number, stream: number, batch: Buffer): void {
    const partition = this.#partitions.get(stream)
    if (partition) {
      if (this.losses.any) this.#stepOverLoss(partition, batch, lsn)
      // All that is replayed was last heard of now: looking at the clock for each batch would take a tenth of a start.
      this.#replayedAtMs ??= this.#context.clock.now()
      partition.replay(batch, lsn, this.#replayedAtMs)
      return
    }
    // Batches of a topic that was deleted lie in the log until it is trimmed; a stream that was never given cannot be.
    const { state } = this.journal
    if (stream >= state.nextStream) {
      if (!this.losses.any) throw damaged('stream', stream, `a stream below ${state.nextStream}`)
      // Its topic was lost with the entry that made it.
      passStream(state, stream)
      this.#orphanStreams.add(stream)
    }
    if (this.#orphanStreams.has(stream)) this.losses.orphans++
  }

  #onApplied(entry: MetadataEntry): void {
    const { state } = this.journal
    switch (entry.type) {
      case 'topic-created':
      case 'partitions-added':
      case 'topic-configs-set':
        this.#putTopic(state.topicsById.get(entry.topicId)!)
        break
      case 'topic-deleted':
        this.#dropTopic(entry.topicId)
        break
      case 'log-start-moved':
        for (const { stream, offset } of entry.starts) this.#partitions.get(stream)?.startAt(offset)
        return
      default:
    }
  }

  #putTopic(topic: TopicState): void {
    const settings = resolveConfig(topic.configs)
    const partitions = topic.streams.map((stream, index) => {
      const partition =
        this.#partitions.get(stream) ??
        new PartitionLog(this.#context, { name: topic.name, id: topic.topicId }, index, stream, settings)
      this.#partitions.set(stream, partition)
      partition.settings = settings
      return partition
    })
    const view: Topic = { name: topic.name, id: topic.topicId, internal: false, configs: topic.configs, partitions }
    this.#topics.set(view.name, view)
    this.#topicsById.set(view.id, view)
  }

  #dropTopic(topicId: string): void {
    const topic = this.#topicsById.get(topicId)
    if (!topic) return
    this.#topicsById.delete(topicId)
    this.#topics.delete(topic.name)
    for (const partition of topic.partitions as PartitionLog[]) {
      this.#partitions.delete(partition.stream)
      partition.delete()
    }
  }
}
