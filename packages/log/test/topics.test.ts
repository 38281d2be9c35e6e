import assert from 'node:assert/strict'
import { test } from 'node:test'
import { resolveConfig, topicConfigs } from '../src/index.ts'
import { plainBatch } from './support/batches.ts'
import { open, readAll, temporaryDirectory } from './support/logs.ts'

test('a topic is made, grows, changes and goes; one of the same name is another', async context => {
  const directory = temporaryDirectory(context)
  let log = await open({ directory })
  const first = await log.createTopic({ name: 'orders', partitions: 2, configs: { 'retention.ms': '1000' } })
  assert.deepEqual(
    [first.name, first.partitions.length, first.internal, first.configs],
    ['orders', 2, false, { 'retention.ms': '1000' }],
  )
  assert.equal(log.topicById(first.id), log.topic('orders'))
  await assert.rejects(log.createTopic({ name: 'orders', partitions: 1 }), { code: 'log.topic-exists' })
  const old = log.partition('orders', 0)!
  await old.append(plainBatch(1, 10)).durable
  const grown = await log.createPartitions('orders', 5)
  assert.equal(grown.partitions.length, 5)
  assert.equal(grown.partitions[0], old, 'partitions stay what they are')
  await assert.rejects(log.createPartitions('orders', 5), { code: 'log.invalid-partitions' })
  await log.setTopicConfigs('orders', { 'max.message.bytes': '200' })
  assert.throws(() => old.append(plainBatch(1, 500)), { code: 'log.batch-too-large' })
  await log.commitOffsets('g', [
    { topic: 'orders', partition: 0, offset: 1, leaderEpoch: 0, metadata: '', commitTimestamp: 0 },
  ])
  const deletion = log.deleteTopic('orders')
  let told = false
  old.subscribe(() => {
    told = true
  })
  await deletion
  assert.ok(told, 'whoever waits for records of the topic is woken')
  assert.equal(log.topic('orders'), undefined)
  assert.equal(log.committedOffset('g', 'orders', 0), undefined)
  assert.throws(() => old.append(plainBatch(1, 10)), { code: 'log.unknown-topic' })
  assert.throws(() => old.read(0, 100, 'read_uncommitted', true), { code: 'log.unknown-topic' })
  await assert.rejects(log.deleteTopic('orders'), { code: 'log.unknown-topic' })
  const second = await log.createTopic({ name: 'orders', partitions: 1 })
  assert.notEqual(second.id, first.id)
  for (let restart = 0; restart < 2; restart++) {
    assert.equal(log.partition('orders', 0)!.logEndOffset, 0, 'L9: nothing of the deleted topic shows')
    assert.equal(log.partition('orders', 1), undefined)
    await log.close()
    log = await open({ directory })
  }
  await log.close()
})

test('commands that change topics wait for one another', async context => {
  const log = await open({ directory: temporaryDirectory(context) })
  const outcomes = await Promise.allSettled([
    log.createTopic({ name: 'a.b', partitions: 1 }),
    log.createTopic({ name: 'a.b', partitions: 1 }),
    log.createTopic({ name: 'a_b', partitions: 1 }),
    log.createPartitions('a.b', 2),
    log.createPartitions('a.b', 2),
    log.deleteTopic('a.b'),
    log.createTopic({ name: 'a_b', partitions: 1 }),
  ])
  const codes = outcomes.map(outcome => (outcome.status === 'fulfilled' ? 'ok' : outcome.reason.code))
  const expected = ['ok', 'log.topic-exists', 'log.invalid-topic', 'ok', 'log.invalid-partitions', 'ok', 'ok']
  assert.deepEqual(codes, expected)
  await log.close()
})

test('names, partitions and configs that are not accepted are refused before anything is written', async context => {
  const log = await open({ directory: temporaryDirectory(context), settings: { partitionsMax: 10 } })
  for (const name of ['', '.', '..', 'a b', 'a/b', 'ü', 'x'.repeat(250), '__meta', '__consumer_offsets']) {
    assert.throws(() => log.checkTopic({ name, partitions: 1 }), { code: 'log.invalid-topic' }, name)
    await assert.rejects(log.createTopic({ name, partitions: 1 }), { code: 'log.invalid-topic' }, name)
  }
  for (const partitions of [0, -1, 1.5, Number.NaN]) {
    assert.throws(() => log.checkTopic({ name: 'a', partitions }), { code: 'log.invalid-partitions' })
  }
  assert.throws(() => log.checkTopic({ name: 'a', partitions: 11 }), { code: 'log.limit' })
  for (const [name, value] of [
    ['retention.ms', '-2'],
    ['retention.ms', '1e3'],
    ['cleanup.policy', ''],
    ['cleanup.policy', 'delete,shrink'],
    ['compression.type', 'zstd'],
    ['message.timestamp.type', 'LogAppendTime'],
    ['unclean.leader.election.enable', 'true'],
    ['min.cleanable.dirty.ratio', '1.5'],
    ['segment.bytes', '2147483648'],
    ['__proto__', 'x'],
    ['no.such.config', 'x'],
  ] as const) {
    const configs = Object.fromEntries([[name, value]])
    assert.throws(() => log.checkTopic({ name: 'a', partitions: 1, configs }), { code: 'log.invalid-config' }, name)
  }
  log.checkTopic({
    name: 'x'.repeat(249),
    partitions: 10,
    configs: { 'cleanup.policy': 'compact,delete', 'flush.messages': '9223372036854775807' },
  })
  assert.deepEqual([...log.topics()], [])
  await log.close()
})

test('every topic config accepts its own default', () => {
  for (const config of topicConfigs.values()) assert.ok(config.accepts(config.default), config.name)
  const settings = resolveConfig({})
  assert.deepEqual(
    [settings.retentionMs, settings.retentionBytes, settings.maxMessageBytes, settings.deleted, settings.compacted],
    [604_800_000, -1, 1_048_588, true, false],
  )
})

test('L12: producer ids are given once, also by logs opened one after another', async context => {
  const directory = temporaryDirectory(context)
  const given = new Set<number>()
  for (let life = 0; life < 3; life++) {
    const log = await open({ directory })
    const ids = await Promise.all(Array.from({ length: 1500 }, () => log.allocateProducerId()))
    for (const id of ids) {
      assert.ok(!given.has(id))
      given.add(id)
    }
    await log.close()
  }
})

test('groups and their offsets come back; what was deleted does not', async context => {
  const directory = temporaryDirectory(context)
  let log = await open({ directory, settings: { groupsMax: 3 } })
  await log.createTopic({ name: 't', partitions: 2 })
  const commit = (partition: number, offset: number, metadata = '') => ({
    topic: 't',
    partition,
    offset,
    leaderEpoch: 2,
    metadata,
    commitTimestamp: 5,
  })
  await Promise.all([
    log.commitOffsets('a', [commit(0, 1), commit(1, 2, 'Überbleibsel')]),
    log.commitOffsets('a', [commit(0, 3)]),
    log.storeGroup({ groupId: 'b', state: { members: ['m'] } }),
    log.storeGroup({ groupId: 'c', state: null }),
  ])
  await assert.rejects(log.storeGroup({ groupId: 'd', state: 1 }), { code: 'log.limit' })
  await log.deleteOffsets('a', [
    { topic: 't', partition: 7 },
    { topic: 'x', partition: 0 },
  ])
  await log.deleteGroup('c')
  for (let restart = 0; restart < 2; restart++) {
    assert.deepEqual(log.committedOffset('a', 't', 0), { offset: 3, leaderEpoch: 2, metadata: '', commitTimestamp: 5 })
    assert.equal(log.committedOffset('a', 't', 1)?.metadata, 'Überbleibsel')
    assert.deepEqual([...log.groups()], [{ groupId: 'b', state: { members: ['m'] } }])
    assert.deepEqual([...log.groupIds()].sort(), ['a', 'b'])
    assert.equal(log.committedOffsets('nobody').size, 0)
    await log.close()
    log = await open({ directory })
  }
  await log.deleteOffsets('a', [
    { topic: 't', partition: 0 },
    { topic: 't', partition: 1 },
  ])
  assert.ok(!log.groupIds().has('a'))
  await log.close()
  assert.equal((await readAll(log, 't', 0)).length, 0)
})
