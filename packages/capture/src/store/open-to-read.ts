/** CR4. Opens the file of the database for who only looks, beside a process that writes it, and where nothing can be written. */
import { statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import { DatabaseError } from '../errors.ts'

/** A writer that starts or stops holds the file for a moment; who looks has time. */
const busyMsMax = 5_000

/**
 * SQLite makes the two small files of its WAL mode beside the database where they are missing, and leaves them there. Where it cannot, nobody else can write either: the
 * file is then read as it stands, unless a log beside it has to be taken in first. Throws 'capture.database-missing', 'capture.database-foreign' and what SQLite says.
 */
export function openFileToRead(path: string): DatabaseSync {
  const stats = statSync(path, { throwIfNoEntry: false })
  if (stats === undefined) throw new DatabaseError('capture.database-missing', { path })
  if (!stats.isFile()) throw new DatabaseError('capture.database-foreign', { path, reason: 'it is not a file' })
  const sql = new DatabaseSync(path, { readOnly: true, timeout: busyMsMax })
  try {
    // Opening reads nothing yet.
    sql.prepare('SELECT count(*) FROM sqlite_schema').get()
    return sql
  } catch (error) {
    sql.close()
    if (!isUnwritablePlace(error) || bytesOf(`${path}-wal`) > 0) throw error
    const url = pathToFileURL(path)
    url.searchParams.set('immutable', '1')
    return new DatabaseSync(url, { readOnly: true })
  }
}

/** SQLITE_CANTOPEN of a file beside the database; SQLITE_READONLY_DIRECTORY. */
function isUnwritablePlace(error: unknown): boolean {
  const { errcode } = error as { errcode?: number }
  return errcode === 14 || errcode === 1544
}

function bytesOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0
}
