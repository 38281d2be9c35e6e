/**
 * Schemas of PostgreSQL that a rebuild makes beside the one of the tables: `observe_shadow_…`, in which they are made anew, and `observe_before`, which keeps
 * those that were replaced. What is ours says so in its comment; a schema without it belongs to somebody else and is left alone.
 */

import type { Database, Queries } from '../database/contract.ts'
import { observeErrors } from '../errors.ts'
import { replacedKeptMs } from './limits.ts'

const shadowPrefix = 'observe_shadow_'
export const beforeSchema = 'observe_before'

/** The tables of a schema, in the order in which they are locked: that in which a trace and its events are read. */
export const tableNames = [
  'swarm_traces',
  'swarm_events',
  'agent_metrics',
  'observe_position',
  'observe_migrations',
] as const

const ours = 'Chronicle observe: '

/** `name` is unique to the rebuild, so that two of them never write into one schema. */
export function shadowName(rebuildId: string): string {
  return `${shadowPrefix}${rebuildId.replaceAll('-', '').slice(-12)}`
}

export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** The schema whose tables are in force. */
export async function schemaInForce(queries: Queries): Promise<string> {
  const [row] = await queries.query<{ schema: string }>(
    `select nspname as schema from pg_class join pg_namespace on pg_namespace.oid = relnamespace
      where pg_class.oid = 'swarm_events'::regclass`,
  )
  return row!.schema
}

/** `database` with the tables of another schema. The search path is set for each transaction: a session keeps nothing of it (OD7). */
export function inSchema(database: Database, schema: string): Database {
  const setPath = `set local search_path to ${quoted(schema)}`
  const transaction: Database['transaction'] = work =>
    database.transaction(async each => {
      await each.script(setPath)
      return work(each)
    })
  return {
    kind: database.kind,
    transaction,
    query: (sql, values) => transaction(queries => queries.query(sql, values)),
    script: sql => transaction(queries => queries.script(sql)),
    read: (work, options) =>
      database.read(async queries => {
        await queries.script(setPath)
        return work(queries)
      }, options),
    alone: (lock, work) => database.alone(lock, work),
    // What it is part of stays open.
    close: async () => undefined,
  }
}

/** Removes what rebuilds left that did not come to their end, and replaced tables that are past being kept at `nowMs`. No rebuild of this process runs. */
export async function removeLeftovers(database: Database, nowMs: number): Promise<string[]> {
  const found = await database.query<{ schema: string; comment: string }>(
    `select nspname as schema, obj_description(oid, 'pg_namespace') as comment from pg_namespace
      where (starts_with(nspname, $1) or nspname = $2) and starts_with(obj_description(oid, 'pg_namespace'), $3)`,
    [shadowPrefix, beforeSchema, ours],
  )
  const gone = found.filter(({ schema, comment }) => schema !== beforeSchema || isPastKeeping(comment, nowMs))
  for (const { schema } of gone) await dropSchema(database, schema)
  return gone.map(({ schema }) => schema)
}

export async function createShadow(database: Database, schema: string): Promise<void> {
  await database.transaction(queries =>
    queries.script(`create schema ${quoted(schema)};
      comment on schema ${quoted(schema)} is '${ours}tables that a rebuild makes'`),
  )
}

/** The schema for tables that are replaced at `nowMs`. */
export async function createBefore(queries: Queries, nowMs: number): Promise<void> {
  await queries.script(`create schema ${beforeSchema};
    comment on schema ${beforeSchema} is '${ours}tables replaced by a rebuild at ${new Date(nowMs).toISOString()}'`)
}

/** Drops a schema of ours and its tables, and nothing that somebody has made of them: 'observe.database-refused' (2BP01) then. */
export async function dropSchema(database: Database, schema: string): Promise<void> {
  await database.transaction(queries => dropTables(queries, schema))
}

export async function dropTables(queries: Queries, schema: string): Promise<void> {
  const tables = tableNames.map(name => `${quoted(schema)}.${name}`)
  await queries.script(`drop table if exists ${tables.join(', ')}; drop schema if exists ${quoted(schema)}`)
}

/** Whether `schema` exists; one that is not ours fails with 'observe.schema-taken'. */
export async function isOurs(queries: Queries, schema: string): Promise<boolean> {
  const [row] = await queries.query<{ comment: string | null }>(
    `select obj_description(oid, 'pg_namespace') as comment from pg_namespace where nspname = $1`,
    [schema],
  )
  if (row === undefined) return false
  if (row.comment?.startsWith(ours)) return true
  throw observeErrors.create('observe.schema-taken', { schema })
}

function isPastKeeping(comment: string, nowMs: number): boolean {
  const at = Date.parse(comment.split(' ').at(-1)!)
  return !(at > nowMs - replacedKeptMs)
}
