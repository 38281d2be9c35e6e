/**
 * Versions of a local store. The stamp of an object is the modification time of its file in whole microseconds since the epoch, and the version
 * is stamp and size: `1763728875123456-1024`. The store sets the stamp itself (`Commits`), so that the stamps of one key only grow (O3).
 *
 * node:fs takes times as seconds in a double, whose step is 0.24 µs until 2038 and 0.48 µs after: rounding to whole microseconds gives
 * back what was set.
 */
import * as fs from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '@chronicle/base'
import type { ObjectInfo } from '../contract.ts'
import { objectErrors } from '../errors.ts'

export function stampOf(status: fs.BigIntStats): number {
  return Number((status.mtimeNs + 500n) / 1000n)
}

export function stampNow(clock: Clock): number {
  return Math.floor(clock.now() * 1000)
}

/** Sets the stamp of an open file; durable with the next sync of the file. */
export function setStamp(fd: number, stamp: number): void {
  fs.futimesSync(fd, stamp / 1e6, stamp / 1e6)
}

export function infoOf(key: string, status: fs.BigIntStats): ObjectInfo {
  return infoFrom(key, Number(status.size), stampOf(status))
}

export function infoFrom(key: string, bytes: number, stamp: number): ObjectInfo {
  return { key, bytes, version: `${stamp}-${bytes}`, modifiedMs: Math.floor(stamp / 1000) }
}

/** Refuses a file system that keeps times too coarsely to tell versions apart (FAT keeps two seconds, old ext4 one). */
export function checkStamps(directory: string): void {
  const path = join(directory, 'stamp-check')
  const fd = fs.openSync(path, 'w', 0o600)
  try {
    const stamp = 1_700_000_000_123_457
    setStamp(fd, stamp)
    if (stampOf(fs.fstatSync(fd, { bigint: true })) === stamp) return
  } finally {
    fs.closeSync(fd)
    fs.unlinkSync(path)
  }
  const reason = 'its file system does not keep the times of files to the microsecond'
  throw objectErrors.create('objects.unavailable', { directory, reason })
}
