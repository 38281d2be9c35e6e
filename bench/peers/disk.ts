/** The bare disk: what an append and an fdatasync cost without anything around them. */
import { closeSync, fdatasyncSync, openSync, rmSync, writeSync } from 'node:fs'
import path from 'node:path'
import { percentile } from '../harness.ts'

export type SyncTimes = { readonly p50Ms: number; readonly p99Ms: number; readonly bytesPerSecond: number }

/** Bytes of the file that appends go round in when `recycled`. */
const recycledBytes = 64 * 1024 * 1024

/**
 * Appends `bytes` and waits for fdatasync, over and over. `recycled` writes over a file that is there already, as a log does
 * that re-uses its files; else the file grows. With `paceMs` a round starts only so often.
 */
export async function appendAndSync(
  directory: string,
  options: { bytes: number; seconds: number; recycled?: boolean; paceMs?: number },
): Promise<SyncTimes> {
  const file = path.join(directory, 'bare')
  const fd = openSync(file, 'w')
  const piece = Buffer.alloc(options.bytes, 7)
  try {
    if (options.recycled) fill(fd)
    return await rounds(fd, piece, options)
  } finally {
    closeSync(fd)
    rmSync(file)
  }
}

async function rounds(
  fd: number,
  piece: Buffer,
  options: { seconds: number; recycled?: boolean; paceMs?: number },
): Promise<SyncTimes> {
  const times: number[] = []
  const started = performance.now()
  let position = 0
  while (performance.now() - started < options.seconds * 1000) {
    if (options.paceMs !== undefined) await new Promise(resolve => setTimeout(resolve, options.paceMs))
    if (options.recycled && position + piece.length > recycledBytes) position = 0
    const before = performance.now()
    writeSync(fd, piece, 0, piece.length, position)
    fdatasyncSync(fd)
    times.push(performance.now() - before)
    position += piece.length
  }
  const busyMs = times.reduce((sum, each) => sum + each, 0)
  return {
    p50Ms: percentile(times, 50),
    p99Ms: percentile(times, 99),
    bytesPerSecond: (times.length * piece.length * 1000) / busyMs,
  }
}

function fill(fd: number): void {
  const piece = Buffer.alloc(1024 * 1024)
  for (let position = 0; position < recycledBytes; position += piece.length)
    writeSync(fd, piece, 0, piece.length, position)
  fdatasyncSync(fd)
}
