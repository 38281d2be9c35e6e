import { payloadBytesCeiling } from './entry.ts'
import { walErrors } from './errors.ts'

const KiB = 1024
const MiB = 1024 * KiB
const GiB = 1024 * MiB

/** Every bound of the log. Bytes and milliseconds. */
export type WalLimits = {
  /** A new file is begun when the next group would not fit. A single larger group still gets one file. */
  readonly fileBytesMax: number
  /** … or when the file's first entry is older than this. */
  readonly fileAgeMsMax: number
  /** Largest payload of one entry. */
  readonly payloadBytesMax: number
  /** A piece of memory that entries gather in and are read back from; a larger entry has one of its own. */
  readonly chunkBytes: number
  /** All such memory together: recent entries are read from it. Exceeded only by single entries larger than a chunk. */
  readonly tailBytesMax: number
  /** Above this many bytes that are not durable yet, `ready` is false. */
  readonly unsyncedBytesReadyMax: number
  /** Above this many, append throws 'wal.full'. A lone entry is always taken. */
  readonly unsyncedBytesMax: number
  /** With less space on the file system, append throws 'wal.disk-full'; what lets space be given back is taken down to half of it. */
  readonly freeBytesMin: number
  /** Free space is looked at after this many milliseconds or … */
  readonly freeCheckMs: number
  /** … this many bytes written, whichever comes first. */
  readonly freeCheckBytes: number
  /** Small groups extend the file this far with zeros, so that the syncs after it change no metadata. */
  readonly prewriteBytes: number
  /** Trimmed files kept for reuse. */
  readonly sparesMax: number
  /** One read from a file, unless a single entry is larger. */
  readonly sliceBytesMax: number
  /** Memory for so many such reads is kept for reuse. */
  readonly slicesPooledMax: number
  /** Entries this close to the end are taken to be in the page cache and read synchronously … */
  readonly warmBytesMax: number
  /** … until such a read takes longer than this: what is older is then read in the background. */
  readonly warmReadMsMax: number
  /** Files held open for reading. */
  readonly openFilesMax: number
  /** After this long without an entry a mark is written, which lets recovery find damage in what came before. */
  readonly markDelayMs: number
}

export type WalProfile = 'low' | 'medium' | 'high' | 'ultra'

function profile(chunkBytes: number, tailBytesMax: number, warmBytesMax: number): WalLimits {
  return {
    fileBytesMax: 250_000_000,
    fileAgeMsMax: 30 * 60_000,
    payloadBytesMax: 64 * MiB,
    chunkBytes,
    tailBytesMax,
    unsyncedBytesReadyMax: tailBytesMax / 4,
    unsyncedBytesMax: tailBytesMax / 2,
    freeBytesMin: 256 * MiB,
    freeCheckMs: 1_000,
    freeCheckBytes: 64 * MiB,
    prewriteBytes: 1 * MiB,
    sparesMax: 2,
    sliceBytesMax: 256 * KiB,
    slicesPooledMax: 64,
    warmBytesMax,
    warmReadMsMax: 2,
    openFilesMax: 128,
    markDelayMs: 1_000,
  }
}

/** How much memory the log takes. */
export const walProfiles: Readonly<Record<WalProfile, WalLimits>> = {
  low: profile(2 * MiB, 16 * MiB, 128 * MiB),
  medium: profile(2 * MiB, 32 * MiB, 512 * MiB),
  high: profile(4 * MiB, 64 * MiB, 2 * GiB),
  ultra: profile(4 * MiB, 256 * MiB, 8 * GiB),
}

/** The profile for a machine (or container) with `memoryBytes` of memory. */
export function walProfileFor(memoryBytes: number): WalProfile {
  if (memoryBytes < 2 * GiB) return 'low'
  if (memoryBytes < 8 * GiB) return 'medium'
  if (memoryBytes < 64 * GiB) return 'high'
  return 'ultra'
}

const ranges: { readonly [Name in keyof WalLimits]: readonly [min: number, max: number] } = {
  fileBytesMax: [16 * KiB, 1024 * GiB],
  fileAgeMsMax: [1_000, 365 * 86_400_000],
  payloadBytesMax: [1, payloadBytesCeiling],
  chunkBytes: [4 * KiB, GiB],
  tailBytesMax: [16 * KiB, 1024 * GiB],
  unsyncedBytesReadyMax: [1, 2 * GiB],
  unsyncedBytesMax: [1, 2 * GiB],
  freeBytesMin: [0, 1024 * GiB],
  freeCheckMs: [10, 3_600_000],
  freeCheckBytes: [KiB, 1024 * GiB],
  prewriteBytes: [0, 64 * MiB],
  sparesMax: [0, 64],
  sliceBytesMax: [KiB, GiB],
  slicesPooledMax: [0, 1024],
  warmBytesMax: [0, 2 ** 53 - 1],
  warmReadMsMax: [0, 60_000],
  openFilesMax: [2, 100_000],
  markDelayMs: [10, 3_600_000],
}

/** Throws 'wal.invalid-limit' unless every limit is in its range and they fit together. */
export function checkWalLimits(limits: WalLimits): void {
  for (const name of Object.keys(ranges) as (keyof WalLimits)[]) {
    const [min, max] = ranges[name]
    const value = limits[name]
    if (!(value >= min && value <= max)) {
      throw walErrors.create('wal.invalid-limit', { limit: name, value, accepted: `${min} to ${max}` })
    }
  }
  atMost(limits, 'unsyncedBytesReadyMax', 'unsyncedBytesMax')
  // What is not durable yet must fit into memory besides the chunk that is being filled.
  atMost(limits, 'unsyncedBytesMax', 'tailBytesMax')
  atMost(limits, 'chunkBytes', 'tailBytesMax')
}

function atMost(limits: WalLimits, smaller: keyof WalLimits, larger: keyof WalLimits): void {
  if (limits[smaller] <= limits[larger]) return
  const accepted = `at most ${larger} (${limits[larger]})`
  throw walErrors.create('wal.invalid-limit', { limit: smaller, value: limits[smaller], accepted })
}
