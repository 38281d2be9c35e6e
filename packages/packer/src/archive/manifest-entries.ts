/**
 * What a manifest says of its files, as far as it can be believed without looking at them. A manifest without a key is whatever its last writer made of it, and its
 * paths become names of files that are read, written and deleted: none of them leaves its directory (PA8).
 */
import type { ArchivedFile, ArchivedKind } from './contract.ts'
import { idsDirectory } from './places.ts'

/** Below which directory of the archive the files of a kind lie. */
const rootOf: Readonly<Record<ArchivedKind, string>> = { parquet: 'parquet', heif: 'heif', quarantine: 'quarantine' }

/** Why these are not what a manifest holds; undefined where they are. */
export function whyNotEntries(files: unknown, ids: unknown): string | undefined {
  if (!Array.isArray(files)) return 'it has no list of files'
  for (const [at, file] of files.entries()) {
    const reason = isObject(file) ? whyNotFile(file) : 'it is no object'
    if (reason) return `file ${at} of it: ${reason}`
  }
  if (!isObject(ids)) return 'it has no list of ids'
  return Object.values(ids).every(path => liesBelow(path, idsDirectory))
    ? undefined
    : 'a path of ids leaves its directory'
}

function whyNotFile(file: Partial<Record<keyof ArchivedFile, unknown>>): string | undefined {
  if (typeof file.kind !== 'string' || !Object.hasOwn(rootOf, file.kind)) return 'its kind is unknown'
  if (!liesBelow(file.path, rootOf[file.kind as ArchivedKind])) return 'its path leaves its directory'
  if (!isCount(file.bytes) || !(file.rows === undefined || isCount(file.rows))) return 'its size is no number'
  if (!isTimestamp(file.firstTimestampNs) || !isTimestamp(file.lastTimestampNs)) return 'its time range is none'
  if (file.algorithm !== 'blake3' && file.algorithm !== 'sha256') return 'its checksum is of an unknown algorithm'
  if (typeof file.checksum !== 'string' || !/^[0-9a-f]{64}$/.test(file.checksum)) return 'its checksum is none'
  if (file.keyId !== undefined && typeof file.keyId !== 'string') return 'its key id is none'
  return whyNotPixels(file.pixels)
}

function whyNotPixels(pixels: unknown): string | undefined {
  if (pixels === undefined) return undefined
  const isSize = isObject(pixels) && isCount(pixels.width) && isCount(pixels.height)
  return isSize ? undefined : 'its size in pixels is none'
}

/** A relative path with slashes, below `root`, that means the same on every system. */
function liesBelow(path: unknown, root: string): boolean {
  if (typeof path !== 'string' || !path.startsWith(`${root}/`) || /[\p{C}\\]/u.test(path)) return false
  return path.split('/').every(part => part !== '' && part !== '.' && part !== '..')
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function isTimestamp(value: unknown): boolean {
  return typeof value === 'string' && /^-?\d{1,19}$/.test(value)
}
