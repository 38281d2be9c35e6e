import type { CommittedOffset } from '../contract.ts'
import type { LogState } from '../log-state.ts'
import { encodeEntry, type StoredOffset } from '../metadata/entries.ts'
import type { GroupState } from '../metadata/state.ts'
import type { PartitionLog } from '../partition.ts'
import { type Section, sectionKinds } from './format.ts'
import { encodeAborted, encodeBlocks, encodePartition, encodeProducers } from './partition-sections.ts'

/** Committed offsets in one section. */
const offsetsMax = 200

/**
 * Takes hold of all state at once, so that it is of one moment (L8): what changes in place is copied, what is replaced on change is
 * shared. The encoding happens while the returned sections are drawn, a piece at a time.
 *
 * Partitions are as of the end of the log; the metadata is as of what is durable. The entries between travel as `pending`.
 */
export function capture(state: LogState): Generator<Section> {
  const metadata = captureMetadata(state)
  const partitions = Array.from(state.partitions(), capturePartition)
  return sections([metadata, ...partitions])
}

function* sections(parts: readonly (() => Generator<Section>)[]): Generator<Section> {
  for (const part of parts) yield* part()
}

function captureMetadata({ journal }: LogState): () => Generator<Section> {
  const { clusterId, nextStream, nextProducerId } = journal.state
  const topics = [...journal.state.topics.values()]
  const starts = new Map(journal.state.logStarts)
  const groups = Array.from(journal.state.groups, ([groupId, group]) => ({
    groupId,
    state: group.state,
    offsets: flattened(group.offsets),
  }))
  const pending = journal.pending()
  return function* () {
    yield json(sectionKinds.metadata, { clusterId, nextStream, nextProducerId })
    for (const topic of topics) {
      const logStarts = topic.streams.map(stream => starts.get(stream) ?? 0)
      yield json(sectionKinds.topic, { ...topic, logStarts })
    }
    for (const { groupId, state, offsets } of groups) {
      if (state !== undefined) yield json(sectionKinds.group, { groupId, state })
      for (let from = 0; from < offsets.length; from += offsetsMax) {
        yield json(sectionKinds.offsets, { groupId, offsets: offsets.slice(from, from + offsetsMax).map(storedOffset) })
      }
    }
    for (const entry of pending) yield { kind: sectionKinds.pending, payload: encodeEntry(entry) }
  }
}

type Committed = { readonly topic: string; readonly partition: number; readonly committed: CommittedOffset }

/** What was committed is never changed, only replaced: it is shared. */
function flattened(offsets: GroupState['offsets']): Committed[] {
  const flat: Committed[] = []
  for (const [topic, partitions] of offsets) {
    for (const [partition, committed] of partitions) flat.push({ topic, partition, committed })
  }
  return flat
}

function storedOffset({ topic, partition, committed }: Committed): StoredOffset {
  return { topic, partition, ...committed }
}

function capturePartition(partition: PartitionLog): () => Generator<Section> {
  const { stream } = partition
  const bounds = encodePartition(partition)
  const producers = encodeProducers(stream, partition.producers.values(), partition.producers.size)
  const aborted = [...partition.transactions.aborted]
  const blocks = partition.batches.capture()
  return function* () {
    yield { kind: sectionKinds.partition, payload: bounds }
    for (const payload of producers) yield { kind: sectionKinds.producers, payload }
    for (const payload of encodeAborted(stream, aborted)) yield { kind: sectionKinds.aborted, payload }
    for (const payload of encodeBlocks(stream, blocks)) yield { kind: sectionKinds.blocks, payload }
  }
}

function json(kind: number, value: unknown): Section {
  return { kind, payload: Buffer.from(JSON.stringify(value)) }
}
