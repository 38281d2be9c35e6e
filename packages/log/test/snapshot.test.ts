import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { systemClock } from '@chronicle/base'
import { silentLogger } from '@chronicle/telemetry'
import { nodeDisk } from '@chronicle/wal'
import { Engine } from '../src/engine.ts'
import type { Log } from '../src/index.ts'
import { LogState } from '../src/log-state.ts'
import { resolveSettings } from '../src/settings.ts'
import { capture } from '../src/snapshot/capture.ts'
import { readSnapshot, writeSnapshot } from '../src/snapshot/file.ts'
import { Restore } from '../src/snapshot/restore.ts'
import { Snapshots } from '../src/snapshot/snapshots.ts'
import { plainBatch } from './support/batches.ts'
import { open, readAll, temporaryDirectory, testClock } from './support/logs.ts'

function freshState(): LogState {
  return new LogState(new Engine({ clock: testClock(), logger: silentLogger, settings: resolveSettings({}) }))
}

/** A state with one of everything, as entries would have made it. */
function sampleState(): LogState {
  const state = freshState()
  const { journal } = state
  journal.applyNow({ type: 'cluster-created', clusterId: 'AAAAAAAAAAAAAAAAAAAAAA' })
  journal.applyNow({
    type: 'topic-created',
    name: 'a',
    topicId: 'id-a',
    streams: [1, 2],
    configs: { 'retention.ms': '5' },
  })
  journal.applyNow({ type: 'topic-created', name: 'b', topicId: 'id-b', streams: [3], configs: {} })
  journal.applyNow({ type: 'topic-deleted', topicId: 'id-b' })
  journal.applyNow({ type: 'producer-ids-allocated', first: 0, count: 1000 })
  journal.applyNow({ type: 'group-stored', groupId: 'g', state: { generation: 3 } })
  const offset = { topic: 'a', partition: 1, offset: 7, leaderEpoch: 0, metadata: 'm', commitTimestamp: 9 }
  journal.applyNow({ type: 'offsets-committed', groupId: 'g', offsets: [offset] })
  const partition = state.partitionOf(1)!
  const transactional = { producerId: 4, producerEpoch: 1, transactional: true }
  const batches = [
    plainBatch(2, 10),
    plainBatch(1, 10, { ...transactional, baseSequence: 0 }),
    plainBatch(3, 10, { ...transactional, producerId: 5, baseSequence: 10 }),
  ]
  let lsn = 512
  for (const batch of batches) {
    batch.writeInt32BE(partition.logEndOffset, 4)
    partition.replay(batch, lsn, 1000)
    lsn += 40_000
  }
  partition.transactions.end(4, 6, true)
  partition.producers.marked(4, 1, 2, 1000).txnFirstOffset = -1
  journal.applyNow({ type: 'log-start-moved', starts: [{ stream: 1, offset: 1 }] })
  return state
}

async function encoded(state: LogState, directory: string): Promise<Buffer> {
  const path = join(directory, 'written')
  rmSync(path, { force: true })
  const file = nodeDisk.open(path, 'create')
  await writeSnapshot(file, { lsn: 4711, takenAt: 1_700_000_000_000 }, capture(state))
  file.close()
  return readFileSync(path)
}

async function decoded(bytes: Buffer, directory: string): Promise<LogState> {
  const path = join(directory, 'read')
  writeFileSync(path, bytes)
  const state = freshState()
  const restore = new Restore(state)
  const file = nodeDisk.open(path, 'read')
  try {
    assert.deepEqual(await readSnapshot(file, section => restore.take(section)), {
      lsn: 4711,
      takenAt: 1_700_000_000_000,
    })
    restore.end()
  } finally {
    file.close()
  }
  return state
}

test('a snapshot of version 1 has these bytes and is read back', async context => {
  const directory = temporaryDirectory(context)
  const golden = readFileSync(new URL('./golden/snapshot-v1.hex', import.meta.url), 'utf8').replaceAll(/\s/g, '')
  assert.equal((await encoded(sampleState(), directory)).toString('hex'), golden)
  const state = await decoded(Buffer.from(golden, 'hex'), directory)
  assert.equal((await encoded(state, directory)).toString('hex'), golden, 'L8: what is restored is what was captured')
  const partition = state.partitionOf(1)!
  assert.deepEqual([partition.logStartOffset, partition.logEndOffset, partition.highWatermark], [1, 6, 6])
  assert.equal(partition.lastStableOffset, 3)
  assert.equal(partition.settings.retentionMs, 5)
})

test('a changed, missing or additional byte anywhere in a snapshot is found out', async context => {
  const directory = temporaryDirectory(context)
  const whole = await encoded(sampleState(), directory)
  for (let at = 0; at < whole.length; at++) {
    const bytes = Buffer.from(whole)
    bytes[at]! ^= 1 << (at % 8)
    await assert.rejects(decoded(bytes, directory), { code: 'log.snapshot-damaged' }, `byte ${at}`)
  }
  for (let length = 0; length < whole.length; length += 7) {
    await assert.rejects(
      decoded(whole.subarray(0, length), directory),
      { code: 'log.snapshot-damaged' },
      `length ${length}`,
    )
  }
  await assert.rejects(decoded(Buffer.concat([whole, Buffer.alloc(1)]), directory), { code: 'log.snapshot-damaged' })
})

test('L8: a snapshot shows one moment, whatever happens while it is written', async context => {
  const directory = temporaryDirectory(context)
  const state = sampleState()
  const before = await encoded(state, directory)
  const sections = capture(state)
  const partition = state.partitionOf(1)!
  const batch = plainBatch(2, 10, { producerId: 5, producerEpoch: 1, baseSequence: 13, transactional: true })
  batch.writeInt32BE(partition.logEndOffset, 4)
  partition.replay(batch, 200_000, 2000)
  partition.batches.thin()
  state.journal.applyNow({ type: 'group-deleted', groupId: 'g' })
  state.journal.applyNow({ type: 'topic-deleted', topicId: 'id-a' })
  const file = nodeDisk.open(join(directory, 'late'), 'create')
  await writeSnapshot(file, { lsn: 4711, takenAt: 1_700_000_000_000 }, sections)
  file.close()
  assert.deepEqual(readFileSync(join(directory, 'late')), before)
})

test('L10: a snapshot does not count before what it stands for is durable', async context => {
  const directory = temporaryDirectory(context)
  const snapshots = new Snapshots({ disk: nodeDisk, directory, clock: systemClock, logger: silentLogger })
  await snapshots.load(new Engine({ clock: testClock(), logger: silentLogger, settings: resolveSettings({}) }))
  const { promise, reject } = Promise.withResolvers<void>()
  const taken = snapshots.take(sampleState(), 4711, promise)
  await new Promise(resolve => setTimeout(resolve, 20))
  assert.deepEqual(readdirSync(directory), [])
  reject(new Error('lost'))
  await assert.rejects(taken, /lost/)
  assert.deepEqual([readdirSync(directory), snapshots.newestLsn], [[], -1])
})

async function grow(log: Log, count: number): Promise<void> {
  for (let n = 0; n < count; n++) {
    if (!log.ready) await log.whenReady()
    await log.partition('t', 0)!.append(plainBatch(1, 3000)).durable
  }
}

const small = { settings: { snapshotGrowthBytes: 16 * 1024 }, limits: { fileBytesMax: 64 * 1024 } }
const snapshotsIn = (directory: string) => readdirSync(join(directory, 'snapshots')).sort()

test('L10: two snapshots are kept; a start falls back to the older one, and to none only while the log is whole', async context => {
  const directory = temporaryDirectory(context)
  let log = await open({ directory, ...small })
  await log.createTopic({ name: 't', partitions: 1 })
  await grow(log, 100)
  await log.deleteRecords('t', 0, 60)
  await grow(log, 20)
  await log.close()
  const names = snapshotsIn(directory)
  assert.equal(names.length, 2)
  assert.ok(!existsSync(join(directory, 'wal', '0000000000000000.wal')), 'space was given back')
  const spoil = (name: string) => {
    const path = join(directory, 'snapshots', name)
    const bytes = readFileSync(path)
    bytes[bytes.length >> 1]! ^= 1
    writeFileSync(path, bytes)
  }
  spoil(names[1]!)
  log = await open({ directory, ...small })
  const partition = log.partition('t', 0)!
  assert.deepEqual([partition.logStartOffset, partition.highWatermark], [60, 120])
  assert.equal((await readAll(log, 't', 0)).length, 60)
  await log.close()
  for (const name of snapshotsIn(directory)) spoil(name)
  await assert.rejects(open({ directory, ...small }), (error: { code: string }) =>
    /^log\.(snapshot|metadata)-damaged$/.test(error.code),
  )
})

test('snapshots are not needed while the log goes back to its beginning', async context => {
  const directory = temporaryDirectory(context)
  let log = await open({ directory, ...small })
  await log.createTopic({ name: 't', partitions: 1 })
  await grow(log, 50)
  await log.close()
  rmSync(join(directory, 'snapshots'), { recursive: true })
  log = await open({ directory, ...small })
  assert.equal((await readAll(log, 't', 0)).length, 50)
  await log.close()
})
