import { link, lstat, open, unlink } from 'node:fs/promises'
import { type Random, systemClock, systemRandom } from '@chronicle/base'
import { packerErrors } from '../errors.ts'
import {
  encodeHeaderPage,
  headerPageBytes,
  isCapacity,
  readerAt,
  ringCapacityBytesMax,
  ringCapacityBytesMin,
} from './layout.ts'
import { unusable } from './trust.ts'

export const ringCapacityBytesDefault = 64 * 1024 * 1024
export const backpressureThresholdDefault = 0.8
/** Of writers in a ring that says nothing. */
export const writeTimeoutMsDefault = 1000
const writeTimeoutMsMax = 3_600_000
const zerosBytes = 1024 * 1024

export type RingCreation = {
  readonly path: string
  /** Of the data area: a multiple of 8, from 1 KiB to 64 GiB. */
  readonly capacityBytes?: number
  /** The share of the capacity above which writers are told to hold back. */
  readonly backpressureThreshold?: number
  /** How long writers wait for room that do not say otherwise, from 1 millisecond to an hour. */
  readonly writeTimeoutMs?: number
  readonly clock?: { now(): number }
  readonly random?: Random
}

/**
 * Makes a ring (mode 0600); false where the path is taken already. The file gets its name only once all its blocks are written and synced: a mapped
 * write never meets a full disk, and nobody meets half a header (PR6).
 */
export async function createRing(options: RingCreation): Promise<boolean> {
  const { path, capacityBytes = ringCapacityBytesDefault, clock = systemClock, random = systemRandom } = options
  const thresholdBytes = thresholdBytesOf(capacityBytes, options.backpressureThreshold)
  const id = Buffer.from(random.uuid().replaceAll('-', ''), 'hex')
  const timeoutMs = options.writeTimeoutMs === undefined ? 0 : checkedTimeout(options.writeTimeoutMs)
  const page = encodeHeaderPage({ id, capacityBytes, createdMs: clock.now() }, thresholdBytes)
  page.writeUInt32LE(timeoutMs, readerAt.writeTimeout)
  if (await isTaken(path)) return false
  const temporary = `${path}.${id.toString('hex')}.new`
  try {
    await writeFile(temporary, page, capacityBytes)
    await link(temporary, path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw unusable(path, error)
  } finally {
    await unlink(temporary).catch(ignoreMissing)
  }
}

async function isTaken(path: string): Promise<boolean> {
  try {
    await lstat(path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw unusable(path, error)
  }
}

async function writeFile(path: string, page: Buffer, capacityBytes: number): Promise<void> {
  const file = await open(path, 'wx', 0o600)
  try {
    await file.write(page, 0, page.length, 0)
    const zeros = Buffer.alloc(Math.min(zerosBytes, capacityBytes))
    for (let done = 0; done < capacityBytes; done += zeros.length) {
      await file.write(zeros, 0, Math.min(zeros.length, capacityBytes - done), headerPageBytes + done)
    }
    await file.sync()
  } finally {
    await file.close()
  }
}

/** Checks capacity and threshold. */
export function thresholdBytesOf(capacityBytes: number, threshold = backpressureThresholdDefault): number {
  if (!isCapacity(capacityBytes)) {
    const accepted = `multiples of 8 from ${ringCapacityBytesMin} to ${ringCapacityBytesMax}`
    throw packerErrors.create('packer.ring-invalid-argument', { name: 'capacityBytes', value: capacityBytes, accepted })
  }
  if (!(threshold > 0 && threshold <= 1)) {
    const details = { name: 'backpressureThreshold', value: threshold, accepted: 'above 0, up to 1' }
    throw packerErrors.create('packer.ring-invalid-argument', details)
  }
  return Math.floor(capacityBytes * threshold)
}

export function checkedTimeout(ms: number): number {
  if (Number.isInteger(ms) && ms >= 1 && ms <= writeTimeoutMsMax) return ms
  const details = { name: 'writeTimeoutMs', value: ms, accepted: `1 to ${writeTimeoutMsMax}` }
  throw packerErrors.create('packer.ring-invalid-argument', details)
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error
}
