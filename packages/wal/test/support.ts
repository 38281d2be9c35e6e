import { seededRandom } from '@chronicle/base'
import { createRegistry, silentLogger } from '@chronicle/telemetry'
import { SimDisk, SimScheduler } from '@chronicle/testing'
import { type DiskWalOptions, openDiskWal, type Wal, type WalLimits, walProfiles } from '../src/index.ts'

/** Small, so that a few hundred entries go through several files and chunks. */
export const smallLimits: WalLimits = {
  ...walProfiles.low,
  fileBytesMax: 64 * 1024,
  payloadBytesMax: 40 * 1024,
  chunkBytes: 8 * 1024,
  tailBytesMax: 64 * 1024,
  unsyncedBytesReadyMax: 16 * 1024,
  unsyncedBytesMax: 32 * 1024,
  freeBytesMin: 1024 * 1024,
  prewriteBytes: 16 * 1024,
  sliceBytesMax: 8 * 1024,
  warmBytesMax: 64 * 1024,
  openFilesMax: 3,
}

export const directory = '/data/wal'

/** A simulated machine. `open` runs it until the log is open; failures of the log are collected. */
export function simMachine(seed = 1) {
  const random = seededRandom(seed)
  const scheduler = new SimScheduler(random)
  const disk = new SimDisk(random, scheduler)
  const failures: Error[] = []
  const durable: number[] = []
  const open = (options: Partial<DiskWalOptions> = {}): Promise<Wal> =>
    scheduler.settle(
      openDiskWal({
        directory,
        disk,
        clock: scheduler,
        random,
        logger: silentLogger,
        registry: createRegistry(),
        limits: smallLimits,
        replayFrom: 0,
        onReplay: () => {},
        events: { onDurable: lsn => durable.push(lsn), onFailed: error => failures.push(error) },
        defer: scheduler.defer,
        ...options,
      }),
    )
  return { random, scheduler, disk, failures, durable, open }
}
