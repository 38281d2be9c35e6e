import { observeErrors } from '../errors.ts'
import type { Database } from './contract.ts'

/** The same database; `onFailure` is told of what its statements and transactions fail with. */
export function watched(database: Database, onFailure: (error: unknown) => void): Database {
  const telling = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work
    } catch (error) {
      onFailure(error)
      throw error
    }
  }
  return {
    kind: database.kind,
    query: (sql, values) => telling(database.query(sql, values)),
    script: sql => telling(database.script(sql)),
    transaction: work => telling(database.transaction(work)),
    read: (work, options) => telling(database.read(work, options)),
    alone: (lock, work) => database.alone(lock, work),
    close: () => database.close(),
  }
}

/** Login refused (SQLSTATE class 28), no such database (3D000). */
const otherName = /^(28|3D)/

/** Whether a database that is named otherwise by now could be why: nobody is there, or whoever is there does not know us. */
export function mayHaveMoved(error: unknown): boolean {
  if (!observeErrors.is(error)) return false
  const { sqlstate } = error.details
  if (error.code === 'observe.database-unavailable') return sqlstate === undefined
  return error.code === 'observe.database-refused' && otherName.test(String(sqlstate))
}
