/** What SQLite and the file system say when they refuse, in the words of capture. */
import { ChronicleError, messageOf } from '@chronicle/base'
import { DatabaseError } from '../errors.ts'

/** Primary result codes (https://sqlite.org/rescode.html); an extended code has the primary one in its low byte. */
const sqlite = {
  perm: 3,
  busy: 5,
  locked: 6,
  readOnly: 8,
  ioError: 10,
  corrupt: 11,
  full: 13,
  cantOpen: 14,
  notADatabase: 26,
} as const

/** Errors of this program pass as they are: a refusal or an assertion inside of a transaction is not the database's. */
export function databaseErrorOf(error: unknown, path: string): Error {
  if (error instanceof ChronicleError || !(error instanceof Error)) return error as Error
  const { errcode, code } = error as { errcode?: number; code?: string }
  if (errcode !== undefined)
    return new DatabaseError(codeOfSqlite(errcode & 0xff), { path, reason: reasonOf(error) }, error)
  if (code === 'ENOSPC' || code === 'EDQUOT') return new DatabaseError('capture.database-full', { path }, error)
  if (code === 'EIO') return new DatabaseError('capture.database-io', { path }, error)
  if (code !== undefined && /^E[A-Z]+$/.test(code)) {
    return new DatabaseError('capture.database-unusable', { path, reason: code }, error)
  }
  return error
}

function codeOfSqlite(primary: number) {
  switch (primary) {
    case sqlite.busy:
    case sqlite.locked:
      return 'capture.database-busy'
    case sqlite.full:
      return 'capture.database-full'
    case sqlite.ioError:
      return 'capture.database-io'
    case sqlite.corrupt:
      return 'capture.database-damaged'
    case sqlite.notADatabase:
      return 'capture.database-foreign'
    case sqlite.perm:
    case sqlite.readOnly:
    case sqlite.cantOpen:
      return 'capture.database-unusable'
    default:
      return 'capture.database-failed'
  }
}

/** SQLite's fixed text for the code: the message of a failed statement may quote what it was given. */
function reasonOf(error: Error): string {
  return (error as { errstr?: string }).errstr ?? messageOf(error)
}
