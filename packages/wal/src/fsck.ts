import type { Disk } from './disk.ts'

/** One file of the log as `chronicle fsck` shows it. */
export type WalFileReport = {
  readonly name: string
  readonly firstLsn: number
  /** Where its whole entries end. */
  readonly endLsn: number
  readonly entries: number
  /** Milliseconds since the epoch. */
  readonly createdAt: number
}

/** A stretch of log, or a file, that is not as it was written. */
export type WalProblem = {
  readonly file: string
  /** Byte in the file. */
  readonly offset: number
  readonly lsn: number
  /** Bytes of log that are lost with it. */
  readonly bytes: number
  readonly what: string
  /** What `repairWal` would do, or undefined when it can do nothing. */
  readonly repair: string | undefined
}

export type WalReport = {
  readonly files: readonly WalFileReport[]
  readonly problems: readonly WalProblem[]
  readonly startLsn: number
  readonly endLsn: number
  readonly entries: number
  readonly sealed: boolean
  /** The log was closed in good order. */
  readonly closed: boolean
  /** Bytes after the last whole entry that were never acknowledged: the next start cuts them off. Not a problem. */
  readonly tornBytes: number
}

/** Reads the whole log in `directory` and changes nothing. */
export async function inspectWal(_directory: string, _disk: Disk): Promise<WalReport> {
  throw new Error('not built yet')
}

/**
 * Makes the log fit to be opened: every lost stretch is covered with a pad, so that all other entries keep their positions.
 * Damaged bytes stay where they are; files that do not belong are renamed, never deleted. Resolves with what was done.
 */
export async function repairWal(_directory: string, _disk: Disk): Promise<readonly string[]> {
  throw new Error('not built yet')
}
