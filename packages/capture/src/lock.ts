import { chmodSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { captureErrors } from './errors.ts'
import { makePrivateFile } from './store/private-file.ts'

/** SQLITE_BUSY: somebody else holds a lock on the file. */
const sqliteBusy = 5

/**
 * One process at a time works on a database (CS4): the next one would sweep the screenshots of the first. The lock is one of the kernel's, held by an exclusive transaction of SQLite on
 * an empty file, and ends with the process. Nobody may open that file otherwise in this process: closing it again would drop the lock.
 */
export class CaptureLock {
  readonly #file: DatabaseSync

  private constructor(file: DatabaseSync) {
    this.#file = file
  }

  /** Throws 'capture.in-use', 'capture.lock-failed'. The directory has to be there. */
  static take(path: string): CaptureLock {
    let file: DatabaseSync | undefined
    try {
      // Whoever may read it may hold it.
      makePrivateFile(path)
      file = new DatabaseSync(path, { timeout: 0 })
      chmodSync(path, 0o600)
      // Otherwise SQLite puts a journal beside the file.
      file.exec('PRAGMA journal_mode = MEMORY')
      file.exec('BEGIN EXCLUSIVE')
      return new CaptureLock(file)
    } catch (error) {
      file?.close()
      const { errcode, errstr, code } = error as { errcode?: number; errstr?: string; code?: string }
      if (errcode === sqliteBusy) throw captureErrors.create('capture.in-use', { lock: path })
      throw captureErrors.create('capture.lock-failed', { lock: path, reason: errstr ?? code }, error)
    }
  }

  release(): void {
    this.#file.close()
  }
}
