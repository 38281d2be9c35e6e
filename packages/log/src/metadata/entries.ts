/**
 * The entries of `__meta`: everything that changes the metadata, as JSON in UTF-8, `{"v":1,"type":…}`. The union is closed: a type
 * that is not known, or a version, stops the start rather than being passed over.
 */
import type { CommittedOffset } from '../contract.ts'
import { damaged, Fields } from './fields.ts'

export const metadataVersion = 1

export type MetadataEntry =
  | { readonly type: 'cluster-created'; readonly clusterId: string }
  | {
      readonly type: 'topic-created'
      readonly name: string
      readonly topicId: string
      /** The stream of each partition, by index. */
      readonly streams: readonly number[]
      readonly configs: Readonly<Record<string, string>>
    }
  | { readonly type: 'topic-deleted'; readonly topicId: string }
  | { readonly type: 'partitions-added'; readonly topicId: string; readonly streams: readonly number[] }
  | { readonly type: 'topic-configs-set'; readonly topicId: string; readonly configs: Readonly<Record<string, string>> }
  | { readonly type: 'log-start-moved'; readonly starts: readonly LogStart[] }
  | { readonly type: 'producer-ids-allocated'; readonly first: number; readonly count: number }
  | { readonly type: 'offsets-committed'; readonly groupId: string; readonly offsets: readonly StoredOffset[] }
  | { readonly type: 'offsets-deleted'; readonly groupId: string; readonly partitions: readonly TopicPartition[] }
  | { readonly type: 'group-stored'; readonly groupId: string; readonly state: unknown }
  | { readonly type: 'group-deleted'; readonly groupId: string }

export type LogStart = { readonly stream: number; readonly offset: number }
export type TopicPartition = { readonly topic: string; readonly partition: number }
export type StoredOffset = TopicPartition & CommittedOffset

type EntryOf<T extends MetadataEntry['type']> = Extract<MetadataEntry, { type: T }>

/** A reader for every type: one that is missing does not compile. */
const readers: { readonly [T in MetadataEntry['type']]: (fields: Fields) => EntryOf<T> } = {
  'cluster-created': f => ({ type: 'cluster-created', clusterId: f.string('clusterId') }),
  'topic-created': f => ({
    type: 'topic-created',
    name: f.string('name'),
    topicId: f.string('topicId'),
    streams: f.wholes('streams', 1),
    configs: f.texts('configs'),
  }),
  'topic-deleted': f => ({ type: 'topic-deleted', topicId: f.string('topicId') }),
  'partitions-added': f => ({
    type: 'partitions-added',
    topicId: f.string('topicId'),
    streams: f.wholes('streams', 1),
  }),
  'topic-configs-set': f => ({ type: 'topic-configs-set', topicId: f.string('topicId'), configs: f.texts('configs') }),
  'log-start-moved': f => ({
    type: 'log-start-moved',
    starts: f.list('starts', s => ({ stream: s.whole('stream', 1), offset: s.whole('offset', 0) })),
  }),
  'producer-ids-allocated': f => ({
    type: 'producer-ids-allocated',
    first: f.whole('first', 0),
    count: f.whole('count', 1),
  }),
  'offsets-committed': f => ({
    type: 'offsets-committed',
    groupId: f.string('groupId'),
    offsets: f.list('offsets', readOffset),
  }),
  'offsets-deleted': f => ({
    type: 'offsets-deleted',
    groupId: f.string('groupId'),
    partitions: f.list('partitions', p => ({ topic: p.string('topic'), partition: p.whole('partition', 0) })),
  }),
  'group-stored': f => ({ type: 'group-stored', groupId: f.string('groupId'), state: f.value('state') }),
  'group-deleted': f => ({ type: 'group-deleted', groupId: f.string('groupId') }),
}

export function readOffset(fields: Fields): StoredOffset {
  return {
    topic: fields.string('topic'),
    partition: fields.whole('partition', 0),
    offset: fields.number('offset'),
    leaderEpoch: fields.number('leaderEpoch'),
    metadata: fields.string('metadata'),
    commitTimestamp: fields.number('commitTimestamp'),
  }
}

export function encodeEntry(entry: MetadataEntry): Buffer {
  return Buffer.from(JSON.stringify({ v: metadataVersion, ...entry }))
}

/** Throws 'log.metadata-damaged' for what is no entry, naming the field. */
export function decodeEntry(payload: Buffer): MetadataEntry {
  const fields = new Fields(parseJson(payload), '')
  const version = fields.whole('v', 1)
  if (version !== metadataVersion) throw damaged('v', version, `${metadataVersion}`)
  const type = fields.string('type')
  if (!Object.hasOwn(readers, type)) throw damaged('type', type, Object.keys(readers).join(', '))
  return readers[type as MetadataEntry['type']](fields)
}

export function parseJson(payload: Buffer): unknown {
  const text = payload.toString('utf8')
  try {
    return JSON.parse(text)
  } catch {
    throw damaged('entry', text, 'JSON')
  }
}
