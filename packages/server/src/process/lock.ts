import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { messageOf, type Stoppable } from '@chronicle/base'
import { serverErrors } from '../errors.ts'

/** SQLITE_BUSY: somebody else holds a lock on the file. */
const sqliteBusy = 5

/**
 * Takes the data directory for this process (S1). The lock is the kernel's, taken by an exclusive transaction of SQLite on the file
 * `lock`, so that it ends with the process however that ends. The file `pid` beside it is for people. Throws
 * 'server.data-directory-locked' where another process holds it.
 */
export function lockDataDirectory(directory: string): Stoppable {
  const pidPath = join(directory, 'pid')
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(join(directory, 'lock'))
    database.exec('BEGIN EXCLUSIVE')
    writeFileSync(pidPath, `${process.pid}\n`)
  } catch (error) {
    database?.close()
    if ((error as { errcode?: number }).errcode === sqliteBusy) {
      throw serverErrors.create('server.data-directory-locked', { directory, pid: readPid(pidPath) }, error)
    }
    throw serverErrors.create('server.data-directory-unusable', { directory, reason: messageOf(error) }, error)
  }
  const held = database
  return {
    stop() {
      rmSync(pidPath, { force: true })
      held.close()
    },
  }
}

/** The process id in the file, or words where there is none: the lock holds without it. */
function readPid(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch (error) {
    return `not known (${messageOf(error)})`
  }
}
