import type { Database, Queries } from '../database/contract.ts'
import { eventsKeptMs } from '../store/limits.ts'
import { weekOf } from '../store/partitions.ts'
import { inSchema, quoted, shadowName, type tableNames } from './schemas.ts'

/** What a rebuild works on: the tables in force, and those that it makes. */
export type Shadow = {
  readonly database: Database
  /** The schema of the tables in force, and of those that are made. */
  readonly inForce: string
  readonly schema: string
  /** The database as the shadow's own. */
  readonly tables: Database
  /**
   * Milliseconds since the epoch, a Monday at midnight UTC: the start of the oldest week whose events are kept. What happened since is computed again from
   * events; what happened before has no events any more, and is carried over (OR2).
   */
  readonly horizonMs: number
}

export function shadowOf(database: Database, inForce: string, rebuildId: string, nowMs: number): Shadow {
  const schema = shadowName(rebuildId)
  return {
    database,
    inForce,
    schema,
    tables: inSchema(database, schema),
    horizonMs: weekOf(nowMs - eventsKeptMs),
  }
}

/** A table in force and its shadow, as SQL names them. */
export function namesOf(shadow: Shadow, table: (typeof tableNames)[number]): { old: string; made: string } {
  return { old: `${quoted(shadow.inForce)}.${table}`, made: `${quoted(shadow.schema)}.${table}` }
}

/** The horizon as a parameter of SQL, for `timestamptz` and for `date`. */
export function horizonText({ horizonMs }: Shadow): string {
  return new Date(horizonMs).toISOString()
}

/** The columns of a table of the shadow, as SQL names them: what is carried over of a row. */
export async function columnsOf(queries: Queries, table: string): Promise<string[]> {
  const rows = await queries.query<{ name: string }>(
    `select quote_ident(attname) as name from pg_attribute
      where attrelid = '${table}'::regclass and attnum > 0 and not attisdropped order by attnum`,
  )
  return rows.map(({ name }) => name)
}
