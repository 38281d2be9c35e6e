import { uuidBytes, uuidFromBytes } from '../event/uuid.ts'
import type { CaptureDatabase } from '../store/database.ts'
import { sessionsFoundMax } from './limits.ts'
import { refused } from './range.ts'

/** Sessions whose ids begin so, in the order of their ids, at most so many as {@link sessionsFoundMax}. Hyphens may be left out. */
export function sessionsBeginning(database: CaptureDatabase, beginning: string): string[] {
  const digits = beginning.toLowerCase().replaceAll('-', '')
  if (!/^[0-9a-f]{1,32}$/.test(digits)) throw refused('session', beginning, 'a UUID, or the beginning of one')
  const [first, last] = ['0', 'f'].map(fill => Buffer.from(digits.padEnd(2 * uuidBytes, fill), 'hex'))
  const inTable = (table: string) => `SELECT session_id FROM ${table} WHERE session_id BETWEEN ?1 AND ?2`
  const rows = database.read(() =>
    database
      .prepare(
        `${inTable('windows')} UNION ${inTable('aggregates')} UNION ${inTable('screenshots')} ORDER BY 1 LIMIT ${sessionsFoundMax}`,
      )
      .all(first!, last!),
  )
  return rows.map(row => uuidFromBytes(row.session_id as Uint8Array))
}
