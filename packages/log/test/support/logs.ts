/** Opens real logs in temporary directories. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { type Clock, seededRandom, type Timer } from '@chronicle/base'
import { createRegistry, Health, silentLogger } from '@chronicle/telemetry'
import { type Disk, nodeDisk, openDiskWal, type WalLimits, walProfiles } from '@chronicle/wal'
import { batchBaseOffset, batchBytes, batchEndOffset } from '../../src/batch.ts'
import { type Log, type LogSettings, openLog, type Records } from '../../src/index.ts'

export type Opening = {
  directory: string
  disk?: Disk
  clock?: Clock
  settings?: Partial<LogSettings>
  limits?: Partial<WalLimits>
  health?: Health
  defer?: (action: () => void) => void
  seed?: number
}

/** Small and quick: little memory, no waiting, no space held back. */
const testLimits: WalLimits = {
  ...walProfiles.low,
  chunkBytes: 64 * 1024,
  tailBytesMax: 1024 * 1024,
  unsyncedBytesReadyMax: 256 * 1024,
  unsyncedBytesMax: 1024 * 1024,
  freeBytesMin: 0,
  prewriteBytes: 0,
}

export function open(opening: Opening): Promise<Log> {
  const clock = opening.clock ?? testClock()
  const disk = opening.disk ?? nodeDisk
  const random = seededRandom(opening.seed ?? 1)
  const registry = createRegistry()
  return openLog({
    directory: opening.directory,
    disk,
    clock,
    random,
    logger: silentLogger,
    registry,
    health: opening.health ?? new Health(),
    ...(opening.settings ? { settings: opening.settings } : {}),
    openWal: args =>
      openDiskWal({
        directory: join(opening.directory, 'wal'),
        disk,
        clock,
        random,
        logger: silentLogger,
        registry,
        limits: { ...testLimits, ...opening.limits },
        ...(opening.defer ? { defer: opening.defer } : {}),
        ...args,
      }),
  })
}

/** A directory that goes with the test. */
export function temporaryDirectory(context: Pick<TestContext, 'after'>): string {
  const directory = mkdtempSync(join(tmpdir(), 'chronicle-log-'))
  context.after(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

/** Time that stands still unless it is moved. */
export function testClock(start = 1_700_000_000_000): Clock & { advance(ms: number): void } {
  let now = start
  const timers = new Set<{ at: number; every?: number; action: () => void }>()
  const add = (timer: { at: number; every?: number; action: () => void }): Timer => {
    timers.add(timer)
    return { cancel: () => void timers.delete(timer) }
  }
  return {
    now: () => now,
    monotonic: () => now,
    after: (delayMs, action) => add({ at: now + delayMs, action }),
    every: (intervalMs, action) => add({ at: now + intervalMs, every: intervalMs, action }),
    advance(ms) {
      now += ms
      for (const timer of [...timers]) {
        if (timer.at > now || !timers.has(timer)) continue
        if (timer.every) timer.at = now + timer.every
        else timers.delete(timer)
        timer.action()
      }
    },
  }
}

/** The batches of an answer, copied; the answer is released. */
export function batchesOf(records: Records): Buffer[] {
  const batches: Buffer[] = []
  for (const piece of records.pieces) {
    const bytes = Buffer.from(piece)
    for (let at = 0; at < bytes.length; at += batchBytes(bytes, at))
      batches.push(bytes.subarray(at, at + batchBytes(bytes, at)))
  }
  records.release()
  return batches
}

/** Every batch of a partition that may be read from `offset` on. */
export async function readAll(
  log: Log,
  topic: string,
  index: number,
  bytesMax = 100_000,
  from?: number,
): Promise<Buffer[]> {
  const partition = log.partition(topic, index)!
  const batches: Buffer[] = []
  let offset = from ?? partition.logStartOffset
  while (offset < partition.highWatermark) {
    const found = batchesOf(await partition.read(offset, bytesMax, 'read_uncommitted', true))
    if (found.length === 0) throw new Error(`nothing at ${offset}`)
    batches.push(...found)
    offset = batchEndOffset(found.at(-1)!, 0)
  }
  return batches
}

export const baseOffsetOf = (batch: Buffer): number => batchBaseOffset(batch, 0)
