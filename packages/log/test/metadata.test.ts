import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decodeEntry, encodeEntry, type MetadataEntry } from '../src/metadata/entries.ts'
import { apply, emptyState, type MetadataState } from '../src/metadata/state.ts'

type Step = { kind: number; a: number; b: number }

/** A history that could have happened: every entry stands where commands would have put it. */
function historyOf(steps: readonly Step[]): MetadataEntry[] {
  const entries: MetadataEntry[] = [{ type: 'cluster-created', clusterId: 'c' }]
  const topics: { name: string; topicId: string; streams: number[] }[] = []
  let [nextStream, nextId, nextTopic] = [1, 0, 0]
  const streamsOf = (count: number) => Array.from({ length: count }, () => nextStream++)
  for (const { kind, a, b } of steps) {
    const topic = topics[a % Math.max(1, topics.length)]
    const groupId = `g${b % 3}`
    if (kind === 0 || !topic) {
      const name = `t${a % 5}`
      if (topics.some(t => t.name === name)) continue
      const created = { name, topicId: `id${nextTopic++}`, streams: streamsOf(1 + (b % 3)) }
      topics.push(created)
      entries.push({ type: 'topic-created', ...created, streams: [...created.streams], configs: {} })
    } else if (kind === 1) {
      topics.splice(topics.indexOf(topic), 1)
      entries.push({ type: 'topic-deleted', topicId: topic.topicId })
    } else if (kind === 2) {
      const streams = streamsOf(1 + (b % 2))
      topic.streams.push(...streams)
      entries.push({ type: 'partitions-added', topicId: topic.topicId, streams })
    } else if (kind === 3) {
      entries.push({ type: 'topic-configs-set', topicId: topic.topicId, configs: { 'retention.ms': `${b}` } })
    } else if (kind === 4) {
      // Also for a stream whose topic was deleted meanwhile.
      entries.push({ type: 'log-start-moved', starts: [{ stream: 1 + (a % (nextStream - 1)), offset: b }] })
    } else if (kind === 5) {
      entries.push({ type: 'producer-ids-allocated', first: nextId, count: 1000 })
      nextId += 1000
    } else if (kind === 6) {
      const committed = { offset: a, leaderEpoch: 0, metadata: 'm', commitTimestamp: b }
      entries.push({
        type: 'offsets-committed',
        groupId,
        offsets: [{ topic: `t${a % 5}`, partition: b % 2, ...committed }],
      })
    } else if (kind === 7) {
      entries.push({ type: 'offsets-deleted', groupId, partitions: [{ topic: `t${a % 5}`, partition: b % 2 }] })
    } else if (kind === 8) {
      entries.push({ type: 'group-stored', groupId, state: { a } })
    } else {
      entries.push({ type: 'group-deleted', groupId })
    }
  }
  return entries
}

const histories = fc
  .array(fc.record({ kind: fc.nat(9), a: fc.nat(50), b: fc.nat(50) }), { maxLength: 80 })
  .map(historyOf)

/** What a history amounts to, by looking through all of it for each fact: slow and plain. */
function model(entries: readonly MetadataEntry[]) {
  const lastOf = <T extends MetadataEntry['type']>(
    type: T,
    matches: (entry: Extract<MetadataEntry, { type: T }>) => boolean,
  ) => entries.findLastIndex(entry => entry.type === type && matches(entry as Extract<MetadataEntry, { type: T }>))
  const topics = entries.flatMap(entry => {
    if (entry.type !== 'topic-created' || lastOf('topic-deleted', d => d.topicId === entry.topicId) >= 0) return []
    const added = entries.flatMap(e => (e.type === 'partitions-added' && e.topicId === entry.topicId ? e.streams : []))
    const configs = entries[lastOf('topic-configs-set', e => e.topicId === entry.topicId)] as
      | { configs?: object }
      | undefined
    const streams = [...entry.streams, ...added]
    const starts = streams.map(stream =>
      Math.max(
        0,
        ...entries.flatMap(e =>
          e.type === 'log-start-moved' ? e.starts.filter(s => s.stream === stream).map(s => s.offset) : [],
        ),
      ),
    )
    return [{ name: entry.name, id: entry.topicId, streams, configs: configs?.configs ?? {}, starts }]
  })
  const nameOf = (topicId: string) =>
    (entries.find(e => e.type === 'topic-created' && e.topicId === topicId) as { name: string }).name
  const offsets = entries.flatMap((entry, at) => {
    if (entry.type !== 'offsets-committed') return []
    const { topic, partition, offset } = entry.offsets[0]!
    const isUndone = entries.slice(at + 1).some(later => {
      if (later.type === 'topic-deleted') return nameOf(later.topicId) === topic
      if (later.type === 'group-deleted') return later.groupId === entry.groupId
      if (later.type === 'offsets-committed' && later.groupId === entry.groupId)
        return same(later.offsets[0]!, topic, partition)
      return (
        later.type === 'offsets-deleted' &&
        later.groupId === entry.groupId &&
        same(later.partitions[0]!, topic, partition)
      )
    })
    return isUndone ? [] : [[entry.groupId, topic, partition, offset]]
  })
  const groups = ['g0', 'g1', 'g2'].flatMap(groupId => {
    const stored = lastOf('group-stored', e => e.groupId === groupId)
    return stored > lastOf('group-deleted', e => e.groupId === groupId)
      ? [[groupId, (entries[stored] as { state: unknown }).state]]
      : []
  })
  const ids = entries.reduce((sum, e) => (e.type === 'producer-ids-allocated' ? sum + e.count : sum), 0)
  return { topics: topics.sort(byText), offsets: offsets.sort(byText), groups, nextProducerId: ids }
}

const same = (it: { topic: string; partition: number }, topic: string, partition: number) =>
  it.topic === topic && it.partition === partition
const byText = (a: unknown, b: unknown) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)

/** The same facts as a state holds them. */
function shown(state: MetadataState) {
  const topics = [...state.topics.values()].map(({ name, topicId, streams, configs }) => {
    assert.equal(state.topicsById.get(topicId)?.name, name)
    return {
      name,
      id: topicId,
      streams: [...streams],
      configs,
      starts: streams.map(stream => state.logStarts.get(stream) ?? 0),
    }
  })
  const offsets = [...state.groups].flatMap(([groupId, group]) =>
    [...group.offsets].flatMap(([topic, partitions]) =>
      [...partitions].map(([partition, { offset }]) => [groupId, topic, partition, offset]),
    ),
  )
  const groups = [...state.groups].flatMap(([groupId, group]) =>
    group.state === undefined ? [] : [[groupId, group.state]],
  )
  return {
    topics: topics.sort(byText),
    offsets: offsets.sort(byText),
    groups: groups.sort(byText),
    nextProducerId: state.nextProducerId,
  }
}

test('L7: applying a history gives what a model gives that looks at all of it', () => {
  fc.assert(
    fc.property(histories, entries => {
      const state = emptyState()
      for (const entry of entries) apply(state, entry)
      assert.deepEqual(shown(state), model(entries))
      for (const topic of state.topics.values())
        for (const stream of topic.streams) assert.ok(state.streams.has(stream))
      assert.equal(
        state.streams.size,
        [...state.topics.values()].reduce((sum, t) => sum + t.streams.length, 0),
      )
      for (const stream of state.logStarts.keys())
        assert.ok(state.streams.has(stream), 'nothing is kept of a deleted topic')
      for (const group of state.groups.values()) assert.ok(group.state !== undefined || group.offsets.size > 0)
    }),
    { numRuns: 300 },
  )
})

test('L9: a stream is given once: an entry that gives it again stops the start', () => {
  const state = emptyState()
  apply(state, { type: 'topic-created', name: 'a', topicId: 'i', streams: [1, 2], configs: {} })
  apply(state, { type: 'topic-deleted', topicId: 'i' })
  assert.throws(() => apply(state, { type: 'topic-created', name: 'a', topicId: 'j', streams: [2], configs: {} }), {
    code: 'log.metadata-damaged',
  })
})

test('entries come back from their bytes', () => {
  fc.assert(
    fc.property(histories, entries => {
      for (const entry of entries) assert.deepEqual(decodeEntry(encodeEntry(entry)), entry)
    }),
    { numRuns: 30 },
  )
})

const wrong: [json: string, field: RegExp][] = [
  ['{', /field: entry/],
  ['[]', /accepted: an object/],
  ['{"type":"topic-deleted","topicId":"x"}', /field: v/],
  ['{"v":2,"type":"topic-deleted","topicId":"x"}', /field: v, value: 2/],
  ['{"v":1,"type":"toString"}', /field: type/],
  ['{"v":1,"type":"topic-deleted"}', /field: topicId, value: missing/],
  ['{"v":1,"type":"topic-created","name":"a","topicId":"b","streams":[1,"2"],"configs":{}}', /field: streams\[1\]/],
  ['{"v":1,"type":"topic-created","name":"a","topicId":"b","streams":[1],"configs":{"x":1}}', /field: configs\.x/],
  ['{"v":1,"type":"log-start-moved","starts":[{"stream":1,"offset":-1}]}', /field: starts\[0\]\.offset, value: -1/],
  ['{"v":1,"type":"offsets-committed","groupId":"g","offsets":{}}', /field: offsets/],
  ['{"v":1,"type":"group-stored","groupId":"g"}', /field: state/],
]

for (const [json, field] of wrong) {
  test(`an entry that is not understood names the field: ${json}`, () => {
    assert.throws(
      () => decodeEntry(Buffer.from(json)),
      (error: { code: string; message: string }) => error.code === 'log.metadata-damaged' && field.test(error.message),
    )
  })
}
