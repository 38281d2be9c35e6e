import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { BatchIndex } from '../src/batch-index.ts'
import { noUsage } from '../src/usage.ts'
import { batchOf, plainBatch } from './support/batches.ts'
import { baseOffsetOf, batchesOf, open, readAll, temporaryDirectory } from './support/logs.ts'

/** Reads go to files, some of them in the background, and indexes are as coarse as they get. */
const hard = {
  settings: { indexBytesMax: 1024 },
  limits: {
    fileBytesMax: 256 * 1024,
    chunkBytes: 16 * 1024,
    tailBytesMax: 256 * 1024,
    unsyncedBytesReadyMax: 64 * 1024,
    unsyncedBytesMax: 256 * 1024,
    warmBytesMax: 200 * 1024,
    sliceBytesMax: 16 * 1024,
  },
}
const easy = { settings: {}, limits: {} }

for (const [name, options] of Object.entries({ easy, hard })) {
  test(`reads give whole batches from the one asked for, as much as fits: ${name}`, async context => {
    const directory = temporaryDirectory(context)
    let log = await open({ directory, ...options })
    await log.createTopic({ name: 't', partitions: 4 })
    const sent: Buffer[][] = [[], [], [], []]
    const sizes = [10, 200, 3000, 4100, 9000, 30_000]
    for (let n = 0; n < 600; n++) {
      if (!log.ready) await log.whenReady()
      const p = n % 7 === 0 ? 3 : n % 3
      const batch = plainBatch(1 + (n % 4), sizes[(n * 5 + (n >> 3)) % (p === 1 ? 2 : sizes.length)]! / 2)
      log.partition('t', p)!.append(batch)
      sent[p]!.push(Buffer.from(batch))
    }
    for (let restart = 0; restart < 2; restart++) {
      if (restart > 0) {
        await log.close()
        log = await open({ directory, ...options })
      } else {
        await log.partition('t', 0)!.append(plainBatch(1, 1)).durable
        sent[0]!.push(...(await readAll(log, 't', 0, 1e6, log.partition('t', 0)!.highWatermark - 1)))
      }
      const request = fc.record({
        p: fc.nat(3),
        at: fc.nat(10_000),
        bytesMax: fc.oneof(fc.nat(5000), fc.nat(200_000)),
        atLeastOne: fc.boolean(),
      })
      await fc.assert(
        fc.asyncProperty(fc.array(request, { minLength: 1, maxLength: 3 }), async requests => {
          await Promise.all(
            requests.map(async ({ p, at, bytesMax, atLeastOne }) => {
              const partition = log.partition('t', p)!
              const offset = at % (partition.highWatermark + 1)
              const read = batchesOf(await partition.read(offset, bytesMax, 'read_uncommitted', atLeastOne))
              assert.deepEqual(read.map(baseOffsetOf), expected(sent[p]!, offset, bytesMax, atLeastOne))
              for (const batch of read) assert.ok(sent[p]!.some(other => other.equals(batch)))
            }),
          )
        }),
        { numRuns: 150 },
      )
      for (const p of [0, 1, 2, 3])
        assert.deepEqual(Buffer.concat(await readAll(log, 't', p, 50_000)), Buffer.concat(sent[p]!))
    }
    await log.close()
  })
}

function expected(sent: readonly Buffer[], offset: number, bytesMax: number, atLeastOne: boolean): number[] {
  const offsets: number[] = []
  let bytes = 0
  for (const batch of sent) {
    if (baseOffsetOf(batch) + batch.readInt32BE(57) <= offset) continue
    bytes += batch.length
    if (bytes > bytesMax && !(offsets.length === 0 && atLeastOne)) break
    offsets.push(baseOffsetOf(batch))
    if (bytes >= bytesMax) break
  }
  return offsets
}

test('L3: nothing is read before it is durable; offsets outside are refused', async context => {
  const directory = temporaryDirectory(context)
  const log = await open({ directory })
  await log.createTopic({ name: 't', partitions: 1 })
  const partition = log.partition('t', 0)!
  const appended = partition.append(plainBatch(3, 10))
  assert.deepEqual([partition.logEndOffset, partition.highWatermark], [3, 0])
  assert.equal((await partition.read(0, 1000, 'read_uncommitted', true)).bytes, 0)
  let told = -1
  const stop = partition.subscribe(() => {
    told = partition.highWatermark
  })
  await appended.durable
  assert.deepEqual([partition.highWatermark, told], [3, 3], 'L2: the listener is told before the promise resolves')
  stop()
  await partition.append(plainBatch(1, 10)).durable
  assert.equal(told, 3)
  for (const offset of [-1, 5, Number.NaN]) {
    assert.throws(() => partition.read(offset, 1000, 'read_uncommitted', true), { code: 'log.offset-out-of-range' })
  }
  assert.deepEqual(
    batchesOf(await partition.read(1, 1, 'read_uncommitted', true)).map(baseOffsetOf),
    [0],
    'an offset inside a batch gives the batch',
  )
  await log.close()
  assert.throws(() => partition.append(plainBatch(1, 10)), { code: 'log.closed' })
})

test('a last timestamp that is not the largest is corrected, and the batch is whole', async context => {
  const log = await open({ directory: temporaryDirectory(context) })
  await log.createTopic({ name: 't', partitions: 1 })
  const partition = log.partition('t', 0)!
  const now = 1_700_000_000_000
  const records = [{ timestamp: now }, { timestamp: now - 50, value: Buffer.alloc(5000) }]
  await partition.append(batchOf({ records, maxTimestamp: now - 50 })).durable
  const [batch] = batchesOf(await partition.read(0, 1, 'read_uncommitted', true))
  assert.deepEqual(batch, batchOf({ records }).fill(0, 12, 16))
  assert.deepEqual(partition.endOfEpoch(0), { leaderEpoch: 0, endOffset: 2 })
  assert.deepEqual(partition.endOfEpoch(1), { leaderEpoch: -1, endOffset: -1 })
  await log.close()
})

test('damage is reported where it lies; what lies elsewhere can be read', async context => {
  const directory = temporaryDirectory(context)
  let log = await open({ directory })
  await log.createTopic({ name: 't', partitions: 2 })
  for (let n = 0; n < 40; n++) log.partition('t', n % 2)!.append(plainBatch(1, 5000))
  await log.close()
  log = await open({ directory })
  const [file] = readdirSync(join(directory, 'wal')).filter(name => name.endsWith('.wal'))
  const path = join(directory, 'wal', file!)
  const bytes = readFileSync(path)
  // In the value of the first record of partition 0.
  bytes[bytes.indexOf('vvvvvvvv') + 100]! ^= 1
  writeFileSync(path, bytes)
  const partition = log.partition('t', 0)!
  await assert.rejects(
    async () => partition.read(0, 1000, 'read_uncommitted', true),
    (error: { code: string; message: string }) => {
      assert.equal(error.code, 'log.damaged')
      assert.match(error.message, /\.wal/)
      return true
    },
  )
  assert.equal((await readAll(log, 't', 0, 10_000, 1)).length, 19)
  assert.equal((await readAll(log, 't', 1)).length, 20)
  await log.close()
})

test('the index finds every batch, however often it is thinned or trimmed', () => {
  const usage = noUsage()
  const size = fc.integer({ min: 1, max: 20_000 })
  const gap = fc.oneof(fc.constant(0), fc.nat(10_000))
  fc.assert(
    fc.property(fc.array(fc.tuple(size, gap, fc.nat(20)), { maxLength: 120 }), steps => {
      const index = new BatchIndex(usage)
      let [offset, lsn, start] = [0, 0, 0]
      const batches: { offset: number; lsn: number; end: number; timestamp: number; bytes: number }[] = []
      for (const [bytes, between, action] of steps) {
        index.add(offset, lsn, lsn + bytes, bytes, action)
        batches.push({ offset, lsn, end: lsn + bytes, timestamp: action, bytes })
        offset += 2
        lsn += bytes + between
        if (action === 0) index.thin()
        if (action === 1) {
          start = Math.floor((start + offset) / 2)
          index.trim(start)
        }
      }
      for (const batch of batches.filter(b => b.offset >= start)) {
        const block = index.find(batch.offset)
        assert.ok(block >= 0 && index.baseOffset(block) <= batch.offset)
        assert.ok(index.lsn(block) <= batch.lsn && index.endLsn(block) >= batch.end)
        assert.ok(index.maxTimestamp(block) >= batch.timestamp)
      }
      const captured = index.capture()
      const before = Array.from({ length: captured.length }, (_, n) => captured.block(n))
      index.add(offset, lsn, lsn + 10, 10, 99)
      index.thin()
      index.trim(offset)
      assert.deepEqual(
        Array.from({ length: captured.length }, (_, n) => captured.block(n)),
        before,
        'L8: a capture stays as it was',
      )
      const left = before.reduce((sum, block) => sum + block.bytes, 0)
      assert.ok(left >= batches.filter(b => b.offset >= start).reduce((sum, b) => sum + b.bytes, 0))
      index.clear()
    }),
  )
  assert.equal(usage.indexBytes, 0)
})
