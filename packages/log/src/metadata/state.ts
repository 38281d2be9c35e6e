/**
 * The metadata as a state machine: {@link apply} depends on the state and the entry alone, and changes nothing else. Live operation, a
 * start and a restore from snapshots all go through it, so that they cannot disagree (L7).
 */
import { unreachable } from '@chronicle/base'
import type { CommittedOffset } from '../contract.ts'
import { collisionForm } from '../topic-names.ts'
import type { MetadataEntry, StoredOffset, TopicPartition } from './entries.ts'
import { damaged } from './fields.ts'

export type TopicState = {
  readonly name: string
  readonly topicId: string
  readonly streams: readonly number[]
  readonly configs: Readonly<Record<string, string>>
}

export type GroupState = {
  /** What the coordinator stored; undefined when only offsets were committed. */
  state: unknown
  readonly offsets: Map<string, Map<number, CommittedOffset>>
}

export type MetadataState = {
  clusterId: string | undefined
  /** Streams below it have been given to partitions, of which some may be gone. */
  nextStream: number
  /** Producer ids below it may have been given. */
  nextProducerId: number
  readonly topics: Map<string, TopicState>
  readonly topicsById: Map<string, TopicState>
  /** Names in the form in which they collide. */
  readonly nameForms: Map<string, string>
  /** Streams of the partitions that there are. */
  readonly streams: Set<number>
  /** Where partitions start that do not start at 0, by stream. */
  readonly logStarts: Map<number, number>
  readonly groups: Map<string, GroupState>
}

export function emptyState(): MetadataState {
  return {
    clusterId: undefined,
    nextStream: 1,
    nextProducerId: 0,
    topics: new Map(),
    topicsById: new Map(),
    nameForms: new Map(),
    streams: new Set(),
    logStarts: new Map(),
    groups: new Map(),
  }
}

/** Applies one entry. Throws 'log.metadata-damaged' for one that cannot stand at this place. */
export function apply(state: MetadataState, entry: MetadataEntry): void {
  switch (entry.type) {
    case 'cluster-created':
      if (state.clusterId !== undefined) throw damaged('clusterId', entry.clusterId, 'only the first entry of its kind')
      state.clusterId = entry.clusterId
      return
    case 'topic-created':
      createTopic(state, entry)
      break
    case 'topic-deleted':
      deleteTopic(state, topicOf(state, entry.topicId))
      break
    case 'partitions-added': {
      const topic = topicOf(state, entry.topicId)
      takeStreams(state, entry.streams)
      putTopic(state, { ...topic, streams: [...topic.streams, ...entry.streams] })
      break
    }
    case 'topic-configs-set':
      putTopic(state, { ...topicOf(state, entry.topicId), configs: entry.configs })
      break
    case 'log-start-moved':
      moveStarts(state, entry.starts)
      break
    case 'producer-ids-allocated':
      state.nextProducerId = Math.max(state.nextProducerId, entry.first + entry.count)
      return
    case 'offsets-committed':
      commitOffsets(groupOf(state, entry.groupId), entry.offsets)
      break
    case 'offsets-deleted':
      deleteOffsets(state, entry.groupId, entry.partitions)
      break
    case 'group-stored':
      groupOf(state, entry.groupId).state = entry.state
      return
    case 'group-deleted':
      state.groups.delete(entry.groupId)
      return
    default:
      unreachable(entry)
  }
}

function createTopic(state: MetadataState, entry: MetadataEntry & { type: 'topic-created' }): void {
  const { name, topicId, streams, configs } = entry
  if (state.topics.has(name)) throw damaged('name', name, 'a name that no topic has')
  if (state.topicsById.has(topicId)) throw damaged('topicId', topicId, 'an id that no topic has')
  takeStreams(state, streams)
  state.nameForms.set(collisionForm(name), name)
  putTopic(state, { name, topicId, streams, configs })
}

/** L9: a stream is given once and never again, so that entries of a deleted topic can never be taken for another's. */
function takeStreams(state: MetadataState, streams: readonly number[]): void {
  for (const stream of streams) {
    if (stream < state.nextStream) throw damaged('streams', stream, `a stream from ${state.nextStream}`)
    state.nextStream = stream + 1
    state.streams.add(stream)
  }
}

function putTopic(state: MetadataState, topic: TopicState): void {
  state.topics.set(topic.name, topic)
  state.topicsById.set(topic.topicId, topic)
}

/** Puts back a topic as a snapshot held it, `logStarts` being those of its partitions. */
export function restoreTopic(state: MetadataState, topic: TopicState, logStarts: readonly number[]): void {
  topic.streams.forEach((stream, index) => {
    if (stream >= state.nextStream) throw damaged('streams', stream, `a stream below ${state.nextStream}`)
    state.streams.add(stream)
    const start = logStarts[index] ?? 0
    if (start > 0) state.logStarts.set(stream, start)
  })
  state.nameForms.set(collisionForm(topic.name), topic.name)
  putTopic(state, topic)
}

function deleteTopic(state: MetadataState, topic: TopicState): void {
  state.topics.delete(topic.name)
  state.topicsById.delete(topic.topicId)
  state.nameForms.delete(collisionForm(topic.name))
  for (const stream of topic.streams) {
    state.streams.delete(stream)
    state.logStarts.delete(stream)
  }
  // Positions in a topic that is gone mean nothing in a later one of the same name.
  for (const [groupId, group] of state.groups) {
    if (group.offsets.delete(topic.name)) forgetIfEmpty(state, groupId, group)
  }
}

function topicOf(state: MetadataState, topicId: string): TopicState {
  const topic = state.topicsById.get(topicId)
  if (!topic) throw damaged('topicId', topicId, 'the id of a topic')
  return topic
}

function moveStarts(state: MetadataState, starts: readonly { stream: number; offset: number }[]): void {
  for (const { stream, offset } of starts) {
    if (stream >= state.nextStream) throw damaged('stream', stream, `a stream below ${state.nextStream}`)
    // The topic may have been deleted while the entry was under way.
    if (!state.streams.has(stream)) continue
    if (offset > (state.logStarts.get(stream) ?? 0)) state.logStarts.set(stream, offset)
  }
}

export function groupOf(state: MetadataState, groupId: string): GroupState {
  let group = state.groups.get(groupId)
  if (!group) {
    group = { state: undefined, offsets: new Map() }
    state.groups.set(groupId, group)
  }
  return group
}

export function commitOffsets(group: GroupState, offsets: readonly StoredOffset[]): void {
  for (const { topic, partition, offset, leaderEpoch, metadata, commitTimestamp } of offsets) {
    let partitions = group.offsets.get(topic)
    if (!partitions) {
      partitions = new Map()
      group.offsets.set(topic, partitions)
    }
    partitions.set(partition, { offset, leaderEpoch, metadata, commitTimestamp })
  }
}

function deleteOffsets(state: MetadataState, groupId: string, deleted: readonly TopicPartition[]): void {
  const group = state.groups.get(groupId)
  if (!group) return
  for (const { topic, partition } of deleted) {
    const partitions = group.offsets.get(topic)
    if (!partitions?.delete(partition)) continue
    if (partitions.size === 0) group.offsets.delete(topic)
  }
  forgetIfEmpty(state, groupId, group)
}

function forgetIfEmpty(state: MetadataState, groupId: string, group: GroupState): void {
  if (group.state === undefined && group.offsets.size === 0) state.groups.delete(groupId)
}
