/** Packs in a process of its own, into an archive that is removed afterwards. */
import { execFile } from 'node:child_process'
import { rmSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import type { Packed } from './pack.ts'
import { fillRing } from './ring.ts'

const program = path.join(import.meta.dirname, 'pack.ts')
const msMax = 600_000

/** Empties a ring of `capacityBytes` that is full of events. */
export async function packRing(directory: string, capacityBytes: number, records: string): Promise<Packed> {
  const ring = path.join(directory, 'ring')
  await fillRing(ring, capacityBytes, records)
  try {
    return await pack(directory, ['ring', ring])
  } finally {
    for (const suffix of ['', '.reader-lock', '.writer-lock']) rmSync(`${ring}${suffix}`, { force: true })
  }
}

/** As many records, in one run. */
export function packDay(directory: string, count: number, records: string): Promise<Packed> {
  return pack(directory, ['day', records, String(count)])
}

async function pack(directory: string, source: readonly string[]): Promise<Packed> {
  const base = path.join(directory, 'archive')
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [program, base, ...source], { timeout: msMax })
    return JSON.parse(stdout)
  } finally {
    rmSync(base, { recursive: true, force: true })
  }
}
