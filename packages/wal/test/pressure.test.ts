import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crc32c } from '@chronicle/base'
import { createRegistry } from '@chronicle/telemetry'
import { readFrom } from '@chronicle/testing'
import { type Wal, type WalLimits, walProfileFor, walProfiles } from '../src/index.ts'
import { checkWalLimits } from '../src/limits.ts'
import { simMachine, smallLimits } from './support.ts'

const kib = Buffer.alloc(1024, 1)
const append = (wal: Wal, payload = kib): number => wal.append(1, 16, payload, crc32c(payload))

test('W10: with too many bytes unsynced the log is not ready, then full, then ready again', async () => {
  const { open, scheduler } = simMachine()
  const wal = await open()
  while (wal.ready) append(wal)
  assert.ok(wal.endLsn >= smallLimits.unsyncedBytesReadyMax)
  const ready = wal.whenReady()
  assert.equal(wal.whenReady(), ready)
  let last = wal.endLsn
  assert.throws(
    () => {
      for (;;) {
        append(wal)
        last = wal.endLsn
      }
    },
    { code: 'wal.full' },
  )
  assert.equal(wal.endLsn, last, 'nothing of a refused entry is taken')
  assert.ok(wal.endLsn <= smallLimits.unsyncedBytesMax)
  await scheduler.settle(ready)
  assert.equal(wal.ready, true)
  append(wal)
})

test('a lone entry is taken whatever its size, up to its own limit', async () => {
  const { open, scheduler } = simMachine()
  const wal = await open()
  const large = Buffer.alloc(smallLimits.payloadBytesMax, 3)
  assert.ok(large.length > smallLimits.unsyncedBytesMax)
  const lsn = append(wal, large)
  await scheduler.settle(wal.flushed())
  const [entry] = await readFrom(wal, lsn, 1, 1)
  assert.ok(entry!.payload.equals(large))
  assert.throws(() => append(wal, Buffer.alloc(large.length + 1)), { code: 'wal.entry-too-large' })
})

test('W10: a nearly full disk refuses appends before anything is taken, and recovers by itself', async () => {
  const { open, scheduler, disk } = simMachine()
  disk.capacityBytes = smallLimits.freeBytesMin + 300 * 1024
  const wal = await open()
  const taken: number[] = []
  await assert.rejects(
    async () => {
      for (;;) {
        taken.push(append(wal))
        await scheduler.settle(wal.flushed())
        await scheduler.advance(300)
      }
    },
    { code: 'wal.disk-full' },
  )
  assert.equal(wal.refusal, undefined)
  assert.match(wal.hindrance!.message, /freeBytesMin: 1048576/)
  // Nobody is held back by what may last for hours: they are told.
  assert.equal(wal.ready, true)
  assert.equal((await scheduler.settle(readFrom(wal, 0, 10_000))).length, taken.length)
  // What lets space be given back is taken from a reserve, until that is used up as well.
  const deletion = Buffer.from('gone')
  wal.append(1, 16, deletion, crc32c(deletion), true)
  await scheduler.settle(wal.flushed())
  disk.capacityBytes -= smallLimits.freeBytesMin * 0.6
  await scheduler.advance(smallLimits.freeCheckMs)
  assert.throws(() => wal.append(1, 16, deletion, crc32c(deletion), true), { code: 'wal.disk-full' })
  disk.capacityBytes = Number.POSITIVE_INFINITY
  await scheduler.advance(smallLimits.freeCheckMs)
  assert.equal(wal.hindrance, undefined)
  append(wal)
  await scheduler.settle(wal.flushed())
})

test('a disk that is nearly full from the start opens, for reading', async () => {
  const { open, disk } = simMachine()
  disk.capacityBytes = smallLimits.freeBytesMin
  const wal = await open()
  assert.equal((wal.hindrance as { code?: string } | undefined)?.code, 'wal.disk-full')
  assert.throws(() => append(wal), { code: 'wal.disk-full' })
})

test('W3: a file is ended by its age, once it holds something', async () => {
  const { open, scheduler, disk } = simMachine()
  const wal = await open({ limits: { ...smallLimits, fileAgeMsMax: 60_000 } })
  await scheduler.advance(200_000)
  append(wal)
  await scheduler.settle(wal.flushed())
  assert.equal(disk.paths().length, 1)
  await scheduler.advance(61_000)
  append(wal)
  await scheduler.settle(wal.flushed())
  assert.equal(disk.paths().length, 2)
  assert.equal((await readFrom(wal, 0, 5)).length, 2)
})

test('W8: memory stays within its limit while entries go by', async () => {
  const { open, scheduler } = simMachine()
  const registry = createRegistry()
  const wal = await open({ registry })
  const tailBytes = async (): Promise<number> => {
    const metric = await registry.getSingleMetric('chronicle_wal_tail_bytes')!.get()
    return metric.values[0]!.value
  }
  for (let n = 0; n < 300; n++) {
    append(wal, Buffer.alloc((n * 997) % 12_000, n))
    if (!wal.ready) await scheduler.settle(wal.flushed())
    // One chunk more may be needed while nothing can be given up, and a large entry has its own.
    assert.ok((await tailBytes()) <= smallLimits.tailBytesMax + 12_032)
  }
})

test('only one write and one sync are under way, and all that has gathered goes into the next', async () => {
  const { open, scheduler, disk } = simMachine()
  const wal = await open()
  const syncs = (): number =>
    disk
      .trace()
      .split('\n')
      .filter(line => line.includes('datasync')).length
  const before = syncs()
  append(wal)
  append(wal)
  await scheduler.step()
  assert.equal(syncs(), before + 1)
  for (let n = 0; n < 5; n++) append(wal)
  await scheduler.settle(wal.flushed())
  assert.equal(syncs(), before + 2)
})

test('limits that are out of range or do not fit together are refused by name', () => {
  for (const limits of Object.values(walProfiles)) checkWalLimits(limits)
  const refused = (change: Partial<WalLimits>, limit: string): void =>
    assert.throws(() => checkWalLimits({ ...walProfiles.low, ...change }), {
      code: 'wal.invalid-limit',
      message: new RegExp(limit),
    })
  refused({ fileBytesMax: 100 }, 'fileBytesMax')
  refused({ prewriteBytes: Number.NaN }, 'prewriteBytes')
  refused({ unsyncedBytesReadyMax: 1024 ** 3 }, 'unsyncedBytesReadyMax')
  refused({ unsyncedBytesMax: 1024 ** 3, unsyncedBytesReadyMax: 1 }, 'unsyncedBytesMax')
  refused({ chunkBytes: 1024 ** 3 }, 'chunkBytes')
})

test('the profile follows the memory', () => {
  const GiB = 1024 ** 3
  assert.deepEqual(
    [1, 2, 8, 64].map(n => walProfileFor(n * GiB)),
    ['low', 'medium', 'high', 'ultra'],
  )
})
