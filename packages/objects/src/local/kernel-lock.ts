import * as fs from 'node:fs'
import { DatabaseSync } from 'node:sqlite'

/** SQLITE_BUSY: somebody else holds a lock on the file. */
const sqliteBusy = 5

/**
 * A lock that the kernel holds, so that it ends with the process however that ends: an open transaction of SQLite on a file that stays
 * empty. It excludes other processes and other `KernelLock`s of this process alike.
 */
export class KernelLock {
  readonly #database: DatabaseSync

  /** `waitMsMax`: for how long `tryTake` blocks the process. */
  constructor(path: string, waitMsMax: number) {
    // SQLite would make it readable for everybody.
    fs.closeSync(fs.openSync(path, 'a', 0o600))
    this.#database = new DatabaseSync(path, { timeout: waitMsMax })
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
