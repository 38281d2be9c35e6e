import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '@chronicle/base'
import { diskOperations, MachineStopped, SimDisk, SimScheduler } from '../src/index.ts'

function machine(seed: number) {
  const random = seededRandom(seed)
  const scheduler = new SimScheduler(random)
  return { scheduler, disk: new SimDisk(random, scheduler) }
}

const path = '/data/file'
const sector = 512

/** A file of `sectors` sectors of ones, synced, and then written over with twos that are not. */
async function halfWritten(seed: number, sectors = 8) {
  const { scheduler, disk } = machine(seed)
  const file = disk.open(path, 'create')
  file.writeSync([Buffer.alloc(sectors * sector, 1)], 0)
  await scheduler.settle(file.datasync())
  await scheduler.settle(disk.syncDirectory('/data'))
  file.writeSync([Buffer.alloc(sectors * sector, 2)], 0)
  return { scheduler, disk, file }
}

/** The value of each sector of the file. */
const sectorsOf = (disk: SimDisk): number[] => {
  const bytes = disk.contents(path)
  return Array.from({ length: bytes.length / sector }, (_, n) => {
    const values = new Set(bytes.subarray(n * sector, (n + 1) * sector))
    assert.equal(values.size, 1, 'a sector is written whole or not at all')
    return [...values][0]!
  })
}

const seeds = Array.from({ length: 200 }, (_, n) => n)

test('D1: what was synced survives the loss of power; of the rest any part may', async () => {
  const outcomes = new Set<string>()
  for (const seed of seeds) {
    const { disk } = await halfWritten(seed)
    disk.restart('power')
    const sectors = sectorsOf(disk)
    assert.equal(sectors.length, 8)
    assert.ok(sectors.every(value => value === 1 || value === 2))
    outcomes.add(sectors.join(''))
  }
  assert.ok(outcomes.has('11111111') && outcomes.has('22222222'))
  assert.ok(outcomes.size > 20, 'sectors are lost in any order')
})

test('a killed process loses nothing', async () => {
  const { disk } = await halfWritten(1)
  disk.restart('kill')
  assert.deepEqual(sectorsOf(disk), Array(8).fill(2))
})

test('after a failed sync the cache shows what the disk does not have, and the next sync does not mend it', async () => {
  let lost = 0
  for (const seed of seeds) {
    const { scheduler, disk, file } = await halfWritten(seed)
    disk.fault = operation => (operation === 'datasync' ? 'EIO' : undefined)
    await assert.rejects(scheduler.settle(file.datasync()), { code: 'EIO' })
    disk.fault = () => undefined
    await scheduler.settle(file.datasync())
    assert.deepEqual(sectorsOf(disk), Array(8).fill(2))
    disk.restart('power')
    if (sectorsOf(disk).includes(1)) lost++
  }
  assert.ok(lost > 150)
})

test('a lying sync reports success and loses', async () => {
  let lost = 0
  for (const seed of seeds) {
    const { scheduler, disk, file } = await halfWritten(seed)
    disk.losesSyncs = true
    await scheduler.settle(file.datasync())
    disk.restart('power')
    if (sectorsOf(disk).includes(1)) lost++
  }
  assert.ok(lost > 150)
})

test('a cut that was not synced may come undone; synced, it stays', async () => {
  const lengths = new Set<number>()
  for (const seed of seeds) {
    const { scheduler, disk, file } = await halfWritten(seed)
    file.truncate(sector)
    if (seed % 2 === 0) await scheduler.settle(file.datasync())
    disk.restart('power')
    const { length } = disk.contents(path)
    if (seed % 2 === 0) assert.equal(length, sector)
    lengths.add(length / sector)
  }
  assert.deepEqual([...lengths].sort(), [1, 8])
})

test('names that were not synced may be lost, each for itself', async () => {
  const outcomes = new Set<string>()
  for (const seed of seeds) {
    const { disk } = machine(seed)
    disk.open('/data/a', 'create')
    disk.open('/data/b', 'create')
    disk.rename('/data/a', '/data/c')
    disk.restart('power')
    outcomes.add(disk.list('/data').join(' '))
  }
  for (const outcome of ['', 'b', 'c', 'a', 'b c', 'a b']) assert.ok(outcomes.has(outcome), `"${outcome}" never came`)
  const { disk, scheduler } = machine(1)
  disk.open('/data/a', 'create')
  await scheduler.settle(disk.syncDirectory('/data'))
  disk.restart('power')
  assert.deepEqual(disk.list('/data'), ['a'])
})

test('a full disk takes a part of a write and then no more', async () => {
  const { disk, scheduler } = machine(5)
  disk.capacityBytes = 1000
  const file = disk.open(path, 'create')
  file.writeSync([Buffer.alloc(900)], 0)
  assert.equal(await scheduler.settle(disk.freeBytes('/data')), 100)
  assert.throws(() => file.writeSync([Buffer.alloc(200)], 900), { code: 'ENOSPC' })
  file.writeSync([Buffer.alloc(900, 1)], 0)
})

test('every operation can be made to fail', async () => {
  for (const failing of diskOperations) {
    const { disk, scheduler } = machine(1)
    const file = disk.open(path, 'create')
    disk.fault = operation => (operation === failing ? 'EIO' : undefined)
    const everything = async () => {
      disk.makeDirectory('/data')
      disk.list('/data')
      disk.open(path, 'read')
      file.writeSync([Buffer.alloc(3)], 0)
      file.readSync(Buffer.alloc(3), 0, 3, 0)
      file.truncate(1)
      file.size()
      await file.datasync()
      await disk.freeBytes('/data')
      await disk.syncDirectory('/data')
      disk.rename(path, '/data/other')
      disk.remove('/data/other')
    }
    await assert.rejects(scheduler.settle(everything()), { code: 'EIO', message: new RegExp(failing) })
  }
})

test('a machine that stops does nothing more, and old handles stay dead', async () => {
  const { disk } = machine(1)
  const file = disk.open(path, 'create')
  disk.stopAfter(2)
  file.size()
  assert.throws(() => file.size(), MachineStopped)
  assert.ok(disk.stopped)
  assert.throws(() => disk.list('/data'), MachineStopped)
  disk.restart('kill')
  assert.throws(() => file.size(), MachineStopped)
  assert.equal(disk.open(path, 'read').size(), 0)
})

test('D2: the same seed does the same, and tells what it did', async () => {
  const run = async (seed: number) => {
    const { disk } = await halfWritten(seed)
    disk.restart('power')
    return [sectorsOf(disk).join(''), disk.trace()]
  }
  assert.deepEqual(await run(7), await run(7))
  assert.match((await run(7))[1]!, /0 open \/data\/file create\n1 write \/data\/file 4096 at 0/)
})
