import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '@chronicle/base'
import { Health } from '@chronicle/telemetry'
import { SimDisk, SimScheduler } from '@chronicle/testing'
import { walProfiles } from '@chronicle/wal'
import type { Log } from '../src/index.ts'
import { plainBatch } from './support/batches.ts'
import { batchesOf, open } from './support/logs.ts'

async function start(
  settings = {},
  limits = {},
): Promise<{ log: Log; disk: SimDisk; scheduler: SimScheduler; health: Health }> {
  const random = seededRandom(1)
  const scheduler = new SimScheduler(random)
  const disk = new SimDisk(random, scheduler)
  const health = new Health()
  const opening = open({ directory: '/data', disk, clock: scheduler, defer: scheduler.defer, health, settings, limits })
  const log = await scheduler.settle(opening)
  await scheduler.settle(log.createTopic({ name: 't', partitions: 1 }))
  return { log, disk, scheduler, health }
}

test('L2: after a failed sync nothing is acknowledged, everything is refused, health says why, what was durable is read', async () => {
  const { log, disk, scheduler, health } = await start()
  const partition = log.partition('t', 0)!
  await scheduler.settle(partition.append(plainBatch(1, 10)).durable)
  assert.equal(health.report().checks.log?.status, 'pass')
  disk.fault = operation => (operation === 'datasync' ? 'EIO' : undefined)
  const lost = partition.append(plainBatch(1, 10)).durable
  const unheard = partition.append(plainBatch(1, 10))
  const command = log.commitOffsets('g', [
    { topic: 't', partition: 0, offset: 1, leaderEpoch: 0, metadata: '', commitTimestamp: 0 },
  ])
  for (const outcome of await scheduler.settle(Promise.allSettled([lost, command]))) {
    assert.equal(outcome.status === 'rejected' && outcome.reason.code, 'log.storage')
  }
  assert.equal(unheard.baseOffset, 2)
  assert.equal(partition.highWatermark, 1)
  assert.equal(log.committedOffset('g', 't', 0), undefined)
  disk.fault = () => undefined
  assert.throws(() => partition.append(plainBatch(1, 10)), { code: 'log.storage' })
  await assert.rejects(scheduler.settle(log.createTopic({ name: 'u', partitions: 1 })), { code: 'log.storage' })
  assert.equal(batchesOf(await partition.read(0, 1000, 'read_uncommitted', true)).length, 1)
  const { status, reason } = health.report().checks.log!
  assert.equal(status, 'fail')
  assert.match(reason!, /restart/)
  await scheduler.settle(log.close())
})

test('a snapshot that fails is a warning; the next one clears it', async () => {
  const { log, disk, scheduler, health } = await start({ snapshotAgeMsMax: 10_000 })
  disk.fault = (operation, path) => (operation === 'write' && path.includes('snapshots') ? 'ENOSPC' : undefined)
  const partition = log.partition('t', 0)!
  await scheduler.settle(partition.append(plainBatch(1, 10)).durable)
  await scheduler.advance(10_000)
  assert.equal(health.report().checks.log?.status, 'warn')
  disk.fault = () => undefined
  await scheduler.settle(partition.append(plainBatch(1, 10)).durable)
  await scheduler.advance(10_000)
  assert.equal(health.report().checks.log?.status, 'pass')
  await scheduler.settle(log.close())
})

test('a nearly full disk: appends and commands are refused, health says what to do, reads go on; it heals by itself', async () => {
  const freeBytesMin = 1024 * 1024
  const { log, disk, scheduler, health } = await start({}, { freeBytesMin })
  const partition = log.partition('t', 0)!
  const append = () => scheduler.settle((async () => partition.append(plainBatch(1, 100)).durable)())
  await scheduler.settle(log.createTopic({ name: 'too-much', partitions: 1 }))
  await append()
  disk.capacityBytes = freeBytesMin
  await scheduler.advance(walProfiles.low.freeCheckMs)
  // The room is looked at after a group.
  await append()
  await scheduler.advance(walProfiles.low.freeCheckMs)
  await assert.rejects(append(), { code: 'log.storage' })
  await assert.rejects(scheduler.settle(log.createTopic({ name: 'u', partitions: 1 })), { code: 'log.storage' })
  // Otherwise nobody could make room through the log itself.
  await scheduler.settle(log.deleteTopic('too-much'))
  assert.equal(await scheduler.settle(log.deleteRecords('t', 0, 1)), 1)
  const { status, reason } = health.report().checks.log!
  assert.equal(status, 'fail')
  assert.match(reason!, /Nothing is taken for now[\s\S]*nearly full[\s\S]*Free space/)
  assert.equal(log.ready, true)
  assert.equal(batchesOf(await partition.read(1, 1000, 'read_uncommitted', true)).length, 1)
  disk.capacityBytes = Number.POSITIVE_INFINITY
  await scheduler.advance(walProfiles.low.freeCheckMs)
  await append()
  assert.equal(health.report().checks.log?.status, 'pass')
  await scheduler.settle(log.close())
})

test('settings out of their range are refused', async () => {
  await assert.rejects(start({ partitionsMax: 0 }), { code: 'log.invalid-setting' })
})

test('what waits to be read is told when the log is full, and told again when it is not', async () => {
  const { log, scheduler } = await start()
  const partition = log.partition('t', 0)!
  while (log.ready) partition.append(plainBatch(1, 60_000))
  const held = log.whenReady()
  await scheduler.settle(held)
  assert.ok(log.ready)
  await scheduler.settle(log.close())
  await log.close()
})
