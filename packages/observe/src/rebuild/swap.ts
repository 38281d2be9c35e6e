/**
 * Puts rebuilt tables in force, in one transaction: the tables in force go to the schema `observe_before`, or away, and the shadow's take their place, with partitions, indexes and all.
 * Names stay as they are. A reader that waits for a table looks its name up again when it gets it, and so has the old tables or the new ones (OR3).
 */

import { assert, type Clock } from '@chronicle/base'
import type { Queries } from '../database/contract.ts'
import { observeErrors } from '../errors.ts'
import { swapAttemptsMax, swapLockTimeoutMs, swapRetryMs } from './limits.ts'
import { beforeSchema, createBefore, dropTables, isOurs, quoted, tableNames } from './schemas.ts'
import { namesOf, type Shadow } from './shadow.ts'

export type SwapOptions = {
  readonly clock: Clock
  readonly signal: AbortSignal
  /** Whether the tables that are replaced are kept. */
  readonly keepOld: boolean
}

/** Resolves when the new tables are in force. Rejects while the old ones are; only where the connection broke with the last attempt's commit it is not known which. */
export async function swapTables(shadow: Shadow, { clock, signal, keepOld }: SwapOptions): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    signal.throwIfAborted()
    try {
      const isDone = await shadow.database.transaction(queries => exchange(queries, shadow, keepOld, clock.now()))
      // Without a shadow the attempt before was committed, and only its answer was lost.
      if (!isDone && attempt === 1) throw observeErrors.create('observe.shadow-missing', { schema: shadow.schema })
      return
    } catch (error) {
      if (!isPassing(error) || attempt === swapAttemptsMax) throw error
      await pause(clock, swapRetryMs)
    }
  }
}

/** False when there is no shadow to put in force. */
async function exchange(queries: Queries, shadow: Shadow, keepOld: boolean, nowMs: number): Promise<boolean> {
  if (!(await isOurs(queries, shadow.schema))) return false
  const tables = tableNames.map(name => namesOf(shadow, name).old).join(', ')
  // Partitions are locked with their table.
  await queries.script(`set local lock_timeout = ${swapLockTimeoutMs}; lock table ${tables} in access exclusive mode`)
  await refuseWhatHangsOn(queries, shadow)
  await copyGrants(queries, shadow)
  if (await isOurs(queries, beforeSchema)) await dropTables(queries, beforeSchema)
  await createBefore(queries, nowMs)
  await moveTables(queries, shadow.inForce, beforeSchema)
  await moveTables(queries, shadow.schema, shadow.inForce)
  await queries.script(`drop schema ${quoted(shadow.schema)}`)
  if (!keepOld) await dropTables(queries, beforeSchema)
  return true
}

async function moveTables(queries: Queries, from: string, to: string): Promise<void> {
  const rows = await queries.query<{ name: string }>(
    `select quote_ident(relname) as name from pg_class join pg_namespace on pg_namespace.oid = relnamespace
      where nspname = $1 and (relname = any ($2::text[]) or pg_class.oid in (select inhrelid from pg_inherits
        where inhparent = to_regclass($3))) and relkind in ('r', 'p')`,
    [from, tableNames, `${quoted(from)}.swarm_events`],
  )
  assert(rows.length > tableNames.length, 'a schema has all tables, and partitions of events')
  const moves = rows.map(({ name }) => `alter table ${quoted(from)}.${name} set schema ${quoted(to)}`)
  await queries.script(moves.join(';'))
}

/** What others may do with the tables they may do with the new ones. */
async function copyGrants(queries: Queries, shadow: Shadow): Promise<void> {
  const grants: string[] = []
  for (const table of tableNames) {
    const { old, made } = namesOf(shadow, table)
    const rows = await queries.query<{ privilege: string; grantee: string; option: string }>(
      `select privilege_type as privilege, case grantee when 0 then 'public' else quote_ident(pg_get_userbyid(grantee)) end as grantee,
          case when is_grantable then ' with grant option' else '' end as option
        from pg_class, aclexplode(relacl) where pg_class.oid = '${old}'::regclass and grantee <> relowner`,
    )
    for (const { privilege, grantee, option } of rows)
      grants.push(`grant ${privilege} on ${made} to ${grantee}${option}`)
  }
  if (grants.length > 0) await queries.script(grants.join(';'))
}

/**
 * Views, foreign keys, triggers, policies and publications belong to a table and not to its name: they would stay with the tables that are replaced. Fails with
 * 'observe.tables-in-use' where somebody has made some.
 */
export async function refuseWhatHangsOn(queries: Queries, shadow: Shadow): Promise<void> {
  const ours = tableNames.map(name => `'${namesOf(shadow, name).old}'::regclass`).join(', ')
  const found = await queries.query<{ what: string }>(
    `with ours as (select unnest(array[${ours}])::oid as id)
      select distinct 'view ' || ev_class::regclass as what from pg_depend join pg_rewrite on pg_rewrite.oid = objid
        where classid = 'pg_rewrite'::regclass and refclassid = 'pg_class'::regclass and refobjid in (select id from ours)
          and ev_class not in (select id from ours)
      union select 'foreign key ' || conname from pg_constraint
        where contype = 'f' and (confrelid in (select id from ours) or conrelid in (select id from ours))
      union select 'trigger ' || tgname from pg_trigger where not tgisinternal and tgrelid in (select id from ours)
      union select 'policy ' || polname from pg_policy where polrelid in (select id from ours)
      union select 'publication ' || pubname from pg_publication_rel join pg_publication on pg_publication.oid = prpubid
        where prrelid in (select id from ours)
      order by what limit 10`,
  )
  if (found.length === 0) return
  throw observeErrors.create('observe.tables-in-use', { by: found.map(({ what }) => what).join(', ') })
}

function isPassing(error: unknown): boolean {
  return observeErrors.is(error) && error.code === 'observe.database-unavailable'
}

function pause(clock: Clock, ms: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  clock.after(ms, resolve)
  return promise
}
