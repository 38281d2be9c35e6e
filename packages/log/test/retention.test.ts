import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Log } from '../src/index.ts'
import { plainBatch } from './support/batches.ts'
import { open, readAll, temporaryDirectory, testClock } from './support/logs.ts'

const start = 1_700_000_000_000
const settings = { retentionCheckMs: 1000, snapshotGrowthBytes: 16 * 1024 }
const limits = { fileBytesMax: 64 * 1024 }

async function append(log: Log, bytes: number, timestamp: number, times = 1): Promise<void> {
  for (let n = 0; n < times; n++) await log.partition('t', 0)!.append(plainBatch(1, bytes, { timestamp })).durable
}

/** Lets a little time pass for the log until `condition` holds. */
async function until(clock: ReturnType<typeof testClock>, condition: () => boolean): Promise<void> {
  for (let n = 0; n < 400 && !condition(); n++) {
    clock.advance(20)
    await new Promise(resolve => setTimeout(resolve, 2))
  }
  assert.ok(condition(), 'it happens within eight seconds of its clock')
}

test('L11: retention.ms removes what is too old and nothing else, and gives space back', async context => {
  const directory = temporaryDirectory(context)
  const clock = testClock(start)
  let log = await open({ directory, clock, settings, limits })
  await log.createTopic({ name: 't', partitions: 2, configs: { 'retention.ms': '60000' } })
  const partition = log.partition('t', 0)!
  await append(log, 20_000, start, 10)
  clock.advance(30_000)
  await append(log, 20_000, start + 30_000, 10)
  clock.advance(29_900)
  assert.equal(partition.logStartOffset, 0)
  clock.advance(1100)
  await until(clock, () => partition.logStartOffset > 0)
  assert.equal(partition.logStartOffset, 10, 'blocks whose last record is too old are gone, the others are not')
  assert.throws(() => partition.read(9, 100, 'read_uncommitted', true), { code: 'log.offset-out-of-range' })
  await until(clock, () => !existsSync(join(directory, 'wal', '0000000000000000.wal')))
  clock.advance(60_000)
  await until(clock, () => partition.logStartOffset === 20)
  assert.equal(partition.highWatermark, 20, 'an empty partition goes on counting')
  await log.close()
  log = await open({ directory, clock, settings, limits })
  assert.deepEqual([log.partition('t', 0)!.logStartOffset, log.partition('t', 0)!.logEndOffset], [20, 20])
  await append(log, 10, clock.now())
  assert.equal((await readAll(log, 't', 0)).length, 1)
  await log.close()
})

test('L11: retention.bytes keeps at least that much; compacted topics keep all', async context => {
  const clock = testClock(start)
  const log = await open({ directory: temporaryDirectory(context), clock, settings, limits })
  await log.createTopic({ name: 't', partitions: 1, configs: { 'retention.bytes': '100000', 'retention.ms': '-1' } })
  await log.createTopic({
    name: 'kept',
    partitions: 1,
    configs: { 'cleanup.policy': 'compact', 'retention.bytes': '1', 'retention.ms': '1' },
  })
  await append(log, 20_000, start, 10)
  const partition = log.partition('t', 0)!
  clock.advance(1000)
  await until(clock, () => partition.logStartOffset === 5)
  await append(log, 20_000, start)
  clock.advance(1000)
  await until(clock, () => partition.logStartOffset === 6)
  assert.equal(log.partition('kept', 0)!.logStartOffset, 0)
  await log.close()
})

test('L11: under load retention does not wait for the clock', async context => {
  const clock = testClock(start)
  const growth = { ...settings, retentionGrowthBytes: 64 * 1024 }
  const log = await open({ directory: temporaryDirectory(context), clock, settings: growth, limits })
  await log.createTopic({ name: 't', partitions: 1, configs: { 'retention.bytes': '100000', 'retention.ms': '-1' } })
  await append(log, 20_000, start, 20)
  const partition = log.partition('t', 0)!
  assert.ok(partition.logStartOffset >= 8, 'all but retention.bytes and one growth is gone')
  assert.ok(partition.logEndOffset - partition.logStartOffset >= 5)
  await log.close()
})

test('records without timestamps wait for one with', async context => {
  const clock = testClock(start)
  const log = await open({ directory: temporaryDirectory(context), clock, settings })
  await log.createTopic({ name: 't', partitions: 1, configs: { 'retention.ms': '1000' } })
  await append(log, 20_000, -1, 2)
  clock.advance(5000)
  await append(log, 20_000, start, 1)
  await append(log, 20_000, clock.now(), 1)
  const partition = log.partition('t', 0)!
  clock.advance(1000)
  await until(clock, () => partition.logStartOffset === 3)
  await log.close()
})

test('deleteRecords moves the start, inside a batch too, and never back', async context => {
  const directory = temporaryDirectory(context)
  let log = await open({ directory })
  await log.createTopic({ name: 't', partitions: 1 })
  for (let n = 0; n < 10; n++) log.partition('t', 0)!.append(plainBatch(10, 300))
  await log.partition('t', 0)!.append(plainBatch(1, 1)).durable
  assert.equal(await log.deleteRecords('t', 0, 15), 15)
  assert.equal(await log.deleteRecords('t', 0, 5), 15)
  for (const offset of [102, -2, Number.NaN]) {
    await assert.rejects(log.deleteRecords('t', 0, offset), { code: 'log.offset-out-of-range' })
  }
  await assert.rejects(log.deleteRecords('t', 1, 0), { code: 'log.unknown-topic' })
  for (let restart = 0; restart < 2; restart++) {
    assert.equal(log.partition('t', 0)!.logStartOffset, 15)
    assert.equal((await readAll(log, 't', 0)).length, 10, 'the batch that holds the start is there')
    await log.close()
    log = await open({ directory })
  }
  assert.equal(await log.deleteRecords('t', 0, -1), 101)
  assert.equal((await log.partition('t', 0)!.read(101, 100, 'read_uncommitted', true)).bytes, 0)
  await log.close()
})

test('L11: where only snapshots stand in the way of giving space back, they are taken before their time', async context => {
  const directory = temporaryDirectory(context)
  const clock = testClock(start)
  const rare = { retentionCheckMs: 1000, snapshotGrowthBytes: 2 ** 30, reclaimBytesMin: 64 * 1024 }
  const log = await open({ directory, clock, settings: rare, limits })
  await log.createTopic({ name: 't', partitions: 1, configs: { 'retention.ms': '60000' } })
  await append(log, 20_000, start, 20)
  const oldest = join(directory, 'wal', '0000000000000000.wal')
  assert.ok(existsSync(oldest))
  clock.advance(61_000)
  await until(clock, () => !existsSync(oldest))
  await log.close()
})
