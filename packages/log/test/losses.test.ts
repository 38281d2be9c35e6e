import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crc32c, seededRandom } from '@chronicle/base'
import { silentLogger } from '@chronicle/telemetry'
import { SimDisk, SimScheduler } from '@chronicle/testing'
import { inspectWal, lostEntry, repairWal } from '@chronicle/wal'
import fc from 'fast-check'
import { batchCrc, batchCrcStart, batchEndOffset, batchRecordCount } from '../src/batch.ts'
import { Engine } from '../src/engine.ts'
import { batchEntry } from '../src/entry-kinds.ts'
import type { Log } from '../src/index.ts'
import { LogState } from '../src/log-state.ts'
import { resolveSettings } from '../src/settings.ts'
import { plainBatch } from './support/batches.ts'
import { baseOffsetOf, batchesOf, open, testClock } from './support/logs.ts'

const walDirectory = '/data/wal'
/** Coarse indexes, reads from files; several files and snapshots. */
const hard = {
  settings: { indexBytesMax: 1024, snapshotGrowthBytes: 64 * 1024 },
  limits: {
    fileBytesMax: 128 * 1024,
    chunkBytes: 16 * 1024,
    tailBytesMax: 128 * 1024,
    unsyncedBytesReadyMax: 64 * 1024,
    unsyncedBytesMax: 128 * 1024,
    warmBytesMax: 50 * 1024,
    sliceBytesMax: 16 * 1024,
  },
}
const easy = { settings: {}, limits: {} }

class Machine {
  readonly random: ReturnType<typeof seededRandom>
  readonly scheduler: SimScheduler
  readonly disk: SimDisk
  readonly options: typeof easy
  log!: Log

  constructor(seed: number, options: typeof easy) {
    this.random = seededRandom(seed)
    this.scheduler = new SimScheduler(this.random)
    this.disk = new SimDisk(this.random, this.scheduler)
    this.options = options
  }

  below(limit: number): number {
    return this.random.next() % limit
  }

  async open(): Promise<Log> {
    const { disk, scheduler } = this
    const opening = open({ directory: '/data', disk, clock: scheduler, defer: scheduler.defer, ...this.options })
    this.log = await scheduler.settle(opening)
    return this.log
  }

  async stop(how: 'close' | 'kill'): Promise<void> {
    if (how === 'close') await this.scheduler.settle(this.log.close())
    this.scheduler.clear()
    this.disk.restart('kill')
  }

  forgetSnapshots(): void {
    for (const path of this.disk.paths()) if (path.endsWith('.snapshot')) this.disk.plant(path, undefined)
  }

  /** Appends and waits; returns the batch as it is stored. */
  async append(partition: number, batch: Buffer): Promise<Buffer> {
    await this.scheduler.settle(this.log.partition('t', partition)!.append(batch).durable)
    return Buffer.from(batch)
  }

  /** Where the batch lies: its file, and the byte its entry begins at. */
  placeOf(batch: Buffer): { path: string; at: number; end: number } {
    for (const path of this.disk.paths().filter(name => name.endsWith('.wal'))) {
      const found = this.disk.contents(path).indexOf(batch)
      if (found >= 0) return { path, at: found - 32, end: found + batch.length }
    }
    throw new Error('the batch is in no file')
  }

  spoil(path: string, from: number, to: number): void {
    this.disk.corrupt(path, bytes => {
      for (let at = from; at < Math.min(to, bytes.length); at++) bytes[at]! ^= 1 + this.below(255)
      return bytes
    })
  }

  async repair(): Promise<void> {
    await this.scheduler.settle(repairWal(walDirectory, this.disk))
    const report = await this.scheduler.settle(inspectWal(walDirectory, this.disk))
    assert.deepEqual(report.problems, [])
    assert.ok(report.losses.length > 0)
  }

  /** The batches of one read at `offset`. */
  async read(partition: number, offset: number, bytesMax: number): Promise<Buffer[]> {
    const reading = (async () => this.log.partition('t', partition)!.read(offset, bytesMax, 'read_uncommitted', true))()
    return batchesOf(await this.scheduler.settle(reading))
  }

  async readAll(partition: number, bytesMax: number, from = 0): Promise<Buffer[]> {
    const batches: Buffer[] = []
    for (let offset = from; offset < this.log.partition('t', partition)!.highWatermark; ) {
      const found = await this.read(partition, offset, bytesMax)
      // Where the end is lost a batch without records stands for it: nobody waits for what will never come.
      assert.ok(found.length > 0)
      batches.push(...found.filter(hasRecords))
      offset = batchEndOffset(found.at(-1)!, 0)
    }
    return batches
  }
}

const hasRecords = (batch: Buffer): boolean => batchRecordCount(batch, 0) > 0
const offsets = (batches: readonly Buffer[]): number[] => batches.map(baseOffsetOf)
const partitions = [0, 1, 2]

/** A log in which no two batches have the same bytes, stopped. */
async function written(machine: Machine, how: 'close' | 'kill'): Promise<{ sent: Buffer[][]; order: Buffer[] }> {
  await machine.open()
  await machine.scheduler.settle(machine.log.createTopic({ name: 't', partitions: partitions.length }))
  const sent: Buffer[][] = partitions.map(() => [])
  const order: Buffer[] = []
  for (let n = 0; n < 120; n++) {
    // One partition is quiet: a loss may lie long before its next batch.
    const partition = machine.below(20) === 0 ? 2 : machine.below(2)
    const size = [10, 100, 1500, 5000][machine.below(4)]!
    const batch = plainBatch(1 + machine.below(3), size, { timestamp: 1_700_000_000_000 + n })
    const stored = await machine.append(partition, batch)
    sent[partition]!.push(stored)
    order.push(stored)
  }
  await machine.stop(how)
  return { sent, order }
}

/** Damages a few stretches and says which batches are hit. The last ones are spared: their loss could not be told from a torn end. */
function damage(machine: Machine, order: readonly Buffer[]): Set<Buffer> {
  const hit = new Set<Buffer>()
  const places = order.map(batch => ({ batch, ...machine.placeOf(batch) }))
  for (let times = 1 + machine.below(3); times > 0; times--) {
    const first = machine.below(places.length - 10)
    const { path, at, end } = places[first]!
    const from = at + machine.below(end - at)
    const last = places.slice(0, -5).findLast(place => place.path === path && place.at >= at)!
    const to = Math.min(from + 1 + machine.below(2) * machine.below(40_000), last.end)
    machine.spoil(path, from, to)
    for (const place of places) if (place.path === path && place.at < to && place.end > from) hit.add(place.batch)
  }
  return hit
}

async function checkReads(machine: Machine, left: readonly (readonly Buffer[])[]): Promise<void> {
  for (const partition of partitions) {
    const expected = left[partition]!
    for (const bytesMax of [1, 3_000, 100_000]) {
      assert.deepEqual(offsets(await machine.readAll(partition, bytesMax)), offsets(expected))
    }
    const read = await machine.readAll(partition, 50_000)
    assert.ok(read.every((batch, n) => batch.equals(expected[n]!)))
    const { highWatermark } = machine.log.partition('t', partition)!
    for (let offset = 0; offset < highWatermark; offset += 1 + machine.below(7)) {
      const [first] = await machine.read(partition, offset, 1 + machine.below(10_000))
      assert.ok(first && batchEndOffset(first, 0) > offset)
      const found = hasRecords(first) ? first : undefined
      const next = expected.find(batch => batchEndOffset(batch, 0) > offset)
      assert.equal(found && baseOffsetOf(found), next && baseOffsetOf(next), `offset ${offset}`)
    }
    const timestamped = machine.log.partition('t', partition)!.offsetForTimestamp(1_700_000_000_000)
    const found = await machine.scheduler.settle(timestamped)
    assert.equal(found?.offset, expected[0] && baseOffsetOf(expected[0]))
    const newest = await machine.scheduler.settle(machine.log.partition('t', partition)!.offsetForMaxTimestamp())
    assert.equal(newest?.offset, expected.length > 0 ? baseOffsetOf(expected.at(-1)!) : undefined)
  }
}

for (const [name, options] of Object.entries({ easy, hard })) {
  test(`L13: after damage and repair all that is not lost is served, and nothing else: ${name}`, async () => {
    const cases = fc.record({
      seed: fc.nat(),
      how: fc.constantFrom<'close' | 'kill'>('close', 'kill'),
      snapshots: fc.boolean(),
    })
    await fc.assert(
      fc.asyncProperty(cases, async ({ seed, how, snapshots }) => {
        const machine = new Machine(seed, options)
        const { sent, order } = await written(machine, how)
        if (!snapshots) machine.forgetSnapshots()
        const hit = damage(machine, order)
        await machine.repair()
        const left = sent.map(batches => batches.filter(batch => !hit.has(batch)))
        await machine.open()
        await checkReads(machine, left)
        for (let n = 0; n < 6; n++) {
          const batch = plainBatch(2, 700, { timestamp: 1_700_000_001_000 + n })
          left[n % 3]!.push(await machine.append(n % 3, batch))
        }
        await checkReads(machine, left)
        await machine.stop(how)
        if (!snapshots) machine.forgetSnapshots()
        await machine.open()
        await checkReads(machine, left)
        await machine.stop('close')
      }),
      { numRuns: 8 },
    )
  })
}

/** A closed log with two batches in each of two topics, and where the text of a metadata entry lies. */
async function twoTopics(): Promise<{ machine: Machine; spoilMetadata(text: string): void }> {
  const machine = new Machine(1, easy)
  const log = await machine.open()
  for (const name of ['t', 'u']) await machine.scheduler.settle(log.createTopic({ name, partitions: 2 }))
  for (const name of ['t', 'u', 't', 'u']) {
    await machine.scheduler.settle(log.partition(name, 0)!.append(plainBatch(2, 100)).durable)
  }
  const spoilMetadata = (text: string) => {
    const { path, at } = machine.placeOf(Buffer.from(text))
    machine.spoil(path, at + 32, at + 33)
  }
  return { machine, spoilMetadata }
}

test('L13, L9: what belongs to a topic whose making was lost is passed over; its streams are not given again', async () => {
  const { machine, spoilMetadata } = await twoTopics()
  const { log } = machine
  await machine.scheduler.settle(log.setTopicConfigs('t', { 'retention.ms': '5' }))
  await machine.scheduler.settle(log.createPartitions('t', 3))
  await machine.scheduler.settle(log.deleteRecords('t', 0, 1))
  await machine.stop('close')
  machine.forgetSnapshots()
  spoilMetadata('"type":"topic-created","name":"t"')
  await machine.repair()
  for (let restart = 0; restart < 2; restart++) {
    const again = await machine.open()
    assert.deepEqual(Array.from(again.topics(), ({ name }) => name).sort(), restart === 0 ? ['u'] : ['t', 'u'])
    assert.equal(again.partition('u', 0)!.highWatermark, 4)
    if (restart === 0) await machine.scheduler.settle(again.createTopic({ name: 't', partitions: 1 }))
    assert.deepEqual(await machine.readAll(0, 1000), [])
    assert.equal(again.partition('t', 0)!.logEndOffset, 0)
    await machine.stop('close')
    machine.forgetSnapshots()
  }
})

test('L13: where the end of a topic was lost, the next of its name takes its place', async () => {
  const { machine, spoilMetadata } = await twoTopics()
  await machine.scheduler.settle(machine.log.deleteTopic('t'))
  await machine.scheduler.settle(machine.log.createTopic({ name: 't', partitions: 1 }))
  const stored = await machine.append(0, plainBatch(1, 10))
  await machine.stop('close')
  machine.forgetSnapshots()
  spoilMetadata('"type":"topic-deleted"')
  await machine.repair()
  await machine.open()
  assert.deepEqual(await machine.readAll(0, 1000), [stored])
  await machine.stop('close')
})

test('L13: with its very first entries lost a log still starts, and gives no producer id again', async () => {
  const { machine, spoilMetadata } = await twoTopics()
  const given = await machine.scheduler.settle(machine.log.allocateProducerId())
  await machine.stop('close')
  machine.forgetSnapshots()
  spoilMetadata('"type":"cluster-created"')
  spoilMetadata('"type":"producer-ids-allocated"')
  await machine.repair()
  const log = await machine.open()
  assert.equal(log.clusterId.length, 22)
  assert.equal((await machine.readAll(0, 1000)).length, 2)
  assert.ok((await machine.scheduler.settle(log.allocateProducerId())) > given + 1000)
  await machine.stop('close')
})

test('L13: offsets below a start that is known are not given again, though all below was lost', async () => {
  const machine = new Machine(1, easy)
  await machine.open()
  await machine.scheduler.settle(machine.log.createTopic({ name: 't', partitions: 1 }))
  const stored = await machine.append(0, plainBatch(10, 10))
  await machine.scheduler.settle(machine.log.deleteRecords('t', 0, 7))
  await machine.stop('close')
  machine.forgetSnapshots()
  const { path, at } = machine.placeOf(stored)
  machine.spoil(path, at, at + 1)
  await machine.repair()
  const { logStartOffset, highWatermark } = (await machine.open()).partition('t', 0)!
  assert.deepEqual([logStartOffset, highWatermark], [7, 7])
  await machine.append(0, plainBatch(1, 10))
  assert.deepEqual(offsets(await machine.readAll(0, 1000, 7)), [7])
  await machine.stop('close')
})

test('L13: where the end of a partition is lost its readers come to the end, and see the next record', async () => {
  const machine = new Machine(3, easy)
  await machine.open()
  await machine.scheduler.settle(machine.log.createTopic({ name: 't', partitions: 1 }))
  const sent = [await machine.append(0, plainBatch(3, 10)), await machine.append(0, plainBatch(4, 10))]
  await machine.stop('close')
  const { path, at } = machine.placeOf(sent[1]!)
  machine.spoil(path, at + 50, at + 51)
  await machine.repair()
  const partition = (await machine.open()).partition('t', 0)!
  assert.equal(partition.highWatermark, 7)
  assert.deepEqual(offsets(await machine.read(0, 0, 1000)), [0])
  for (const offset of [3, 5]) {
    const [empty, ...more] = await machine.read(0, offset, 1000)
    assert.deepEqual(
      [baseOffsetOf(empty!), batchEndOffset(empty!, 0), hasRecords(empty!), more],
      [offset, 7, false, []],
    )
    assert.equal(crc32c(empty!.subarray(batchCrcStart)), batchCrc(empty!, 0))
  }
  assert.equal((await machine.scheduler.settle(partition.offsetForMaxTimestamp()))?.offset, 0)
  const next = await machine.append(0, plainBatch(1, 10))
  assert.deepEqual(offsets(await machine.read(0, 3, 1000)), [7])
  assert.deepEqual(await machine.readAll(0, 1000), [sent[0], next])
  await machine.stop('close')
})

test('L13: a gap in the offsets without a loss in it is refused', async () => {
  const machine = new Machine(1, easy)
  await machine.open()
  await machine.scheduler.settle(machine.log.createTopic({ name: 't', partitions: 1 }))
  const stored = [await machine.append(0, plainBatch(1, 10)), await machine.append(0, plainBatch(2, 10))]
  await machine.stop('close')
  machine.forgetSnapshots()
  const state = new LogState(new Engine({ clock: testClock(), logger: silentLogger, settings: resolveSettings({}) }))
  state.journal.applyNow({ type: 'cluster-created', clusterId: 'c' })
  state.journal.applyNow({ type: 'topic-created', name: 't', topicId: 'i', streams: [1], configs: {} })
  state.replay(0, 0, lostEntry, Buffer.alloc(0))
  state.replay(512, 1, batchEntry, stored[0]!)
  const beyond = Buffer.from(stored[1]!)
  beyond.writeInt32BE(9, 4)
  assert.throws(() => state.replay(1024, 1, batchEntry, beyond), { code: 'log.damaged' })
  state.replay(2048, 0, lostEntry, Buffer.alloc(0))
  state.replay(4096, 1, batchEntry, beyond)
  assert.deepEqual([state.partitionOf(1)!.highWatermark, state.losses.offsets], [11, 8])
})

test('what lies before damage that nobody has repaired is read; only then is the damage told', async () => {
  for (const options of [easy, hard]) {
    const machine = new Machine(2, options)
    await machine.open()
    await machine.scheduler.settle(machine.log.createTopic({ name: 't', partitions: 1 }))
    const sent: Buffer[] = []
    for (let n = 0; n < 40; n++) sent.push(await machine.append(0, plainBatch(1, 900 + n * 100)))
    await machine.stop('close')
    const { path, at } = machine.placeOf(sent[25]!)
    machine.spoil(path, at + 100, at + 101)
    await machine.open()
    for (const bytesMax of [1, 10_000, 1_000_000]) {
      const read: Buffer[] = []
      const reading = async () => {
        for (;;) read.push(...(await machine.read(0, read.length, bytesMax)))
      }
      await assert.rejects(reading(), { code: 'log.damaged' })
      assert.deepEqual(offsets(read), offsets(sent.slice(0, 25)))
    }
    await machine.stop('close')
  }
})
