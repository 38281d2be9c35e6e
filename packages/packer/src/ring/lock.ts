import { closeSync, constants, lstatSync, openSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { packerErrors } from '../errors.ts'
import { unusable, whyNotOurs } from './trust.ts'

/** SQLITE_BUSY: somebody else holds a lock on the file. */
const sqliteBusy = 5

export type RingSide = 'writer' | 'reader'

/** A lock that is held. `isThere` is false once its file is no longer the one that was locked. */
export type RingLock = { isThere(): boolean; release(): void }

/** The file whose lock says who has a side of the ring. It stays empty. */
export function lockPathOf(ringPath: string, side: RingSide): string {
  return `${ringPath}.${side}-lock`
}

/**
 * Takes one side of a ring for this process (PR5); undefined where another has it. The lock is the kernel's and ends with the process. An exclusive
 * transaction of SQLite holds write locks (fcntl) on bytes 1073741824 to 1073742335 of the file, a promise of SQLite's file format: a program without
 * SQLite locks just these bytes, and each excludes the other.
 */
export function tryRingLock(ringPath: string, side: RingSide): RingLock | undefined {
  const path = lockPathOf(ringPath, side)
  makeLockFile(path)
  const { ino, dev } = lstatSync(path)
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(path)
    // Otherwise SQLite puts a journal beside the file; OFF is not accepted by a connection as Node makes it.
    database.exec('PRAGMA journal_mode = MEMORY')
    database.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    database?.close()
    if ((error as { errcode?: number }).errcode === sqliteBusy) return undefined
    throw unusable(path, error)
  }
  const held = database
  return {
    isThere() {
      const now = lstatSync(path, { throwIfNoEntry: false })
      return now?.ino === ino && now.dev === dev
    },
    release: () => held.close(),
  }
}

/**
 * A file that exists is never opened here, even to look at it: closing any descriptor of a file drops all fcntl locks that this process has on it.
 */
function makeLockFile(path: string): void {
  try {
    closeSync(openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw unusable(path, error)
  }
  const reason = whyNotOurs(lstatSync(path))
  if (reason) throw packerErrors.create('packer.ring-unusable', { path, reason })
}
