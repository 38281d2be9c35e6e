/**
 * How rows go to the database and come back: many rows are one parameter, a JSON array of objects, that `jsonb_to_recordset` makes a relation of. Times go as
 * microseconds and come back as microseconds or as RFC 3339 text: the text form of a timestamp would depend on settings of the session.
 */

import { assert } from '@chronicle/base'

/** Columns by name with their type in the JSON; `micros` becomes a `timestamptz`. */
export type Columns = Readonly<
  Record<string, 'text' | 'uuid' | 'int' | 'bigint' | 'numeric' | 'boolean' | 'date' | 'jsonb' | 'micros'>
>

/** The relation `incoming` with these columns, out of parameter 1. */
export function incoming(columns: Columns): string {
  const types = Object.entries(columns).map(([name, type]) => `"${name}" ${type === 'micros' ? 'bigint' : type}`)
  return `jsonb_to_recordset($1::jsonb) as incoming(${types.join(', ')})`
}

/** The columns' names, for the list after `insert into`. */
export function names(columns: Columns): string {
  return Object.keys(columns)
    .map(name => `"${name}"`)
    .join(', ')
}

/** Their values, for the list after `select`. */
export function values(columns: Columns): string {
  return Object.entries(columns)
    .map(([name, type]) => (type === 'micros' ? timeOf(`incoming."${name}"`) : `incoming."${name}"`))
    .join(', ')
}

/** `insert … on conflict (key) do update` of all other columns. */
export function upsert(table: string, columns: Columns, key: readonly string[]): string {
  const others = Object.keys(columns).filter(name => !key.includes(name))
  assert(others.length > 0, 'an upsert changes something')
  const changes = others.map(name => `"${name}" = excluded."${name}"`)
  return `insert into ${table} (${names(columns)}) select ${values(columns)} from ${incoming(columns)}
    on conflict (${key.join(', ')}) do update set ${changes.join(', ')}`
}

/** Exact: an interval of whole microseconds is an integer inside of PostgreSQL. */
function timeOf(micros: string): string {
  return `timestamptz 'epoch' + ${micros} * interval '1 microsecond'`
}

export function microsOf(time: string): string {
  return `(extract(epoch from ${time}) * 1000000)::bigint`
}

/** `2026-11-21T09:00:00.000000Z` */
export function textOf(time: string): string {
  return `to_char(${time} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`
}
