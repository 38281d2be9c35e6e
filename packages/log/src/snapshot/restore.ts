import type { LogState } from '../log-state.ts'
import { decodeEntry, parseJson, readOffset } from '../metadata/entries.ts'
import { Fields } from '../metadata/fields.ts'
import { commitOffsets, groupOf, restoreTopic } from '../metadata/state.ts'
import type { PartitionLog } from '../partition.ts'
import { type Section, sectionKinds, snapshotDamaged } from './format.ts'
import { decodeAborted, decodeBlocks, decodePartition, decodeProducers, streamOf } from './partition-sections.ts'

/** Fills a fresh state from the sections of a snapshot, in their order: metadata, then partitions. */
export class Restore {
  readonly #state: LogState
  #topicsDone = false

  constructor(state: LogState) {
    this.#state = state
  }

  /** Throws 'log.snapshot-damaged' or 'log.metadata-damaged' for what cannot be understood. */
  take({ kind, payload }: Section): void {
    switch (kind) {
      case sectionKinds.metadata:
        this.#metadata(fieldsOf(payload))
        break
      case sectionKinds.topic:
        this.#topic(fieldsOf(payload))
        break
      case sectionKinds.group:
        this.#group(fieldsOf(payload))
        break
      case sectionKinds.offsets:
        this.#offsets(fieldsOf(payload))
        break
      case sectionKinds.pending:
        this.#finishTopics()
        this.#state.journal.applyNow(decodeEntry(payload))
        break
      case sectionKinds.partition:
      case sectionKinds.producers:
      case sectionKinds.aborted:
      case sectionKinds.blocks:
        this.#finishTopics()
        this.#partition(kind, payload)
        break
      default:
        throw snapshotDamaged('section kind', kind, 'a kind of this version')
    }
  }

  end(): void {
    this.#finishTopics()
    if (this.#state.journal.state.clusterId === undefined) throw snapshotDamaged('clusterId', 'missing', 'a cluster id')
    for (const partition of this.#state.partitions()) partition.restored()
  }

  #metadata(fields: Fields): void {
    const { state } = this.#state.journal
    state.clusterId = fields.string('clusterId')
    state.nextStream = fields.whole('nextStream', 1)
    state.nextProducerId = fields.whole('nextProducerId', 0)
  }

  #topic(fields: Fields): void {
    const topic = {
      name: fields.string('name'),
      topicId: fields.string('topicId'),
      streams: fields.wholes('streams', 1),
      configs: fields.texts('configs'),
    }
    restoreTopic(this.#state.journal.state, topic, fields.wholes('logStarts', 0))
  }

  #group(fields: Fields): void {
    groupOf(this.#state.journal.state, fields.string('groupId')).state = fields.value('state')
  }

  #offsets(fields: Fields): void {
    commitOffsets(groupOf(this.#state.journal.state, fields.string('groupId')), fields.list('offsets', readOffset))
  }

  #finishTopics(): void {
    if (this.#topicsDone) return
    this.#topicsDone = true
    this.#state.restoreTopics()
  }

  #partition(kind: number, payload: Buffer): void {
    const partition = this.#state.partitionOf(streamOf(payload))
    // Its topic was deleted by an entry that was pending when the snapshot was taken.
    if (!partition) return
    if (kind === sectionKinds.partition) restoreBounds(partition, payload)
    else if (kind === sectionKinds.producers)
      for (const producer of decodeProducers(payload)) partition.producers.restore(producer)
    else if (kind === sectionKinds.aborted)
      for (const aborted of decodeAborted(payload)) partition.transactions.restoreAborted(aborted)
    else for (const block of decodeBlocks(payload)) partition.batches.addBlock(block)
  }
}

function restoreBounds(partition: PartitionLog, payload: Buffer): void {
  const { logStartOffset, logEndOffset } = decodePartition(payload)
  if (logStartOffset > logEndOffset) throw snapshotDamaged('logStartOffset', logStartOffset, `at most ${logEndOffset}`)
  // Entries that were pending may have moved the start further already.
  partition.logStartOffset = Math.max(partition.logStartOffset, logStartOffset)
  partition.logEndOffset = logEndOffset
  partition.advance(logEndOffset)
}

function fieldsOf(payload: Buffer): Fields {
  return new Fields(parseJson(payload), '')
}
