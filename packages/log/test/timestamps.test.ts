import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { batchOf } from './support/batches.ts'
import { open, temporaryDirectory } from './support/logs.ts'

const now = 1_700_000_000_000
const codecs = ['none', 'gzip', 'snappy', 'xerial', 'lz4', 'zstd'] as const

test('searches by time are exact to the record, over all compressions, also after thinning, deletion and restarts', async context => {
  const directory = temporaryDirectory(context)
  const options = { directory, settings: { indexBytesMax: 1024 } }
  let log = await open(options)
  await log.createTopic({ name: 't', partitions: 2 })
  const times: number[] = []
  for (let n = 0; n < 240; n++) {
    // Mostly later and later, with outliers in both directions and some batches without timestamps.
    const base = now - 1_000_000 + n * 1000
    const records = Array.from({ length: 1 + (n % 4) }, (_, k) => {
      const timestamp = n % 31 === 30 ? -1 : base + ((n * 7919 + k * 104_729) % 9000) - (n % 23 === 22 ? 200_000 : 0)
      return { timestamp, value: Buffer.alloc((n * 37) % 6000) }
    })
    times.push(...records.map(record => record.timestamp))
    if (!log.ready) await log.whenReady()
    log.partition('t', 0)!.append(batchOf({ records, codec: codecs[n % codecs.length]! }))
    log.partition('t', 1)!.append(batchOf({ records: [{ value: Buffer.alloc(3000), timestamp: now }] }))
  }
  await log.partition('t', 0)!.append(batchOf({ records: [{ timestamp: now - 5_000_000 }] })).durable
  times.push(now - 5_000_000)
  for (const start of [0, 0, 101]) {
    await log.deleteRecords('t', 0, start)
    const partition = log.partition('t', 0)!
    const readable = times.map((timestamp, offset) => ({ offset, timestamp, leaderEpoch: 0 })).slice(start)
    const asked = fc.oneof(
      fc.constantFrom(...times.map(t => t + 1), ...times),
      fc.integer({ min: now - 2_000_000, max: now }),
    )
    await fc.assert(
      fc.asyncProperty(asked, async timestamp => {
        assert.deepEqual(
          await partition.offsetForTimestamp(timestamp),
          readable.find(r => r.timestamp >= timestamp),
        )
      }),
      { numRuns: 120 },
    )
    const largest = Math.max(...readable.map(r => r.timestamp))
    assert.deepEqual(
      await partition.offsetForMaxTimestamp(),
      readable.find(r => r.timestamp === largest),
    )
    await log.close()
    log = await open(options)
  }
  await log.close()
})

test('what is not durable is not found', async context => {
  const log = await open({ directory: temporaryDirectory(context) })
  await log.createTopic({ name: 't', partitions: 1 })
  const partition = log.partition('t', 0)!
  assert.equal(await partition.offsetForMaxTimestamp(), undefined)
  await log.createTopic({ name: 'timeless', partitions: 1 })
  const timeless = log.partition('timeless', 0)!
  await timeless.append(batchOf({ records: [{ timestamp: -1 }] })).durable
  assert.equal(await timeless.offsetForMaxTimestamp(), undefined)
  await partition.append(batchOf({ records: [{ timestamp: now - 10 }] })).durable
  const later = partition.append(batchOf({ records: [{ timestamp: now }] }))
  const [byTime, largest] = [partition.offsetForTimestamp(now), partition.offsetForMaxTimestamp()]
  assert.equal(partition.highWatermark, 1)
  assert.equal((await largest)?.offset, 0)
  assert.equal(await byTime, undefined)
  await later.durable
  assert.equal((await partition.offsetForTimestamp(now))?.offset, 1)
  assert.equal((await partition.offsetForMaxTimestamp())?.offset, 1)
  await log.close()
})
