import * as fs from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { codeOf } from './failure.ts'

/** SQLITE_BUSY: somebody else holds a lock on the file. */
const sqliteBusy = 5

/**
 * A lock that the kernel holds, so that it ends with the process however that ends: an open transaction of SQLite on a file that stays
 * empty. It excludes other processes and other `KernelLock`s of this process alike.
 *
 * Nothing else may open the file: POSIX takes a process's locks on a file from it whenever it closes any descriptor of that file.
 */
export class KernelLock {
  readonly #database: DatabaseSync

  /** `waitMsMax`: for how long `tryTake` blocks the process. */
  constructor(path: string, waitMsMax: number) {
    makeIfMissing(path)
    this.#database = new DatabaseSync(path, { timeout: waitMsMax })
    // Nothing is ever written, so that there is nothing to roll back after a crash: no journal file comes and goes with each transaction.
    this.#database.exec('PRAGMA journal_mode = MEMORY')
  }

  /** False when somebody else has it. */
  tryTake(): boolean {
    try {
      this.#database.exec('BEGIN IMMEDIATE')
      return true
    } catch (error) {
      if ((error as { errcode?: number }).errcode === sqliteBusy) return false
      throw error
    }
  }

  release(): void {
    this.#database.exec('ROLLBACK')
  }

  /** Releases it too. */
  close(): void {
    this.#database.close()
  }
}

/** For its owner only; SQLite would make it readable for everybody. Never opens a file that is there. */
function makeIfMissing(path: string): void {
  try {
    fs.closeSync(fs.openSync(path, 'wx', 0o600))
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
  }
}
