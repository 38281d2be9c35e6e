/** How the tables in force and the rebuilt ones differ: counts, and the first keys. What rows hold is compared and never shown (OR4). */

import type { Queries } from '../database/contract.ts'
import { eventKey } from './carry-events.ts'
import { traceKey } from './carry-traces.ts'
import { examplesMax, keysAtOnce } from './limits.ts'
import { type Key, type Portion, portionsOf, within } from './portions.ts'
import { columnsOf, namesOf, type Shadow } from './shadow.ts'

export type ComparedTable = 'swarm_events' | 'swarm_traces' | 'agent_metrics'

export type TableComparison = {
  readonly table: ComparedTable
  /** Rows that are the same in both. */
  readonly equal: number
  /** Rows that the rebuilt table has not got, and those that only it has. */
  readonly onlyOld: number
  readonly onlyNew: number
  readonly different: number
  /** How many rows differ in a column. */
  readonly columns: Readonly<Record<string, number>>
  /** The first of them in the order of their keys. */
  readonly examples: readonly RowDifference[]
}

export type RowDifference = {
  readonly key: Readonly<Record<string, string>>
  readonly difference: 'only-old' | 'only-new' | 'different'
  /** Of one that is different: in which columns. */
  readonly columns: readonly string[]
}

const keys: Readonly<Record<ComparedTable, Key>> = {
  swarm_events: eventKey,
  swarm_traces: traceKey,
  agent_metrics: [
    { name: 'agent_id', type: 'text' },
    { name: 'metric_date', type: 'date' },
  ],
}

export const comparedTables = Object.keys(keys) as readonly ComparedTable[]

/** When a table first had an event is no part of the event. */
const leftOut: readonly string[] = ['created_at']

export type CompareOptions = {
  readonly signal: AbortSignal
  /** Told how many rows more were compared. */
  readonly onProgress: (rows: number) => void
}

/** Compares on the snapshot that `queries` has, in portions of bounded size. */
export async function compareTables(
  queries: Queries,
  shadow: Shadow,
  options: CompareOptions,
): Promise<TableComparison[]> {
  const comparisons: TableComparison[] = []
  for (const table of comparedTables) comparisons.push(await compareTable(queries, shadow, table, options))
  return comparisons
}

export function areEqual(comparisons: readonly TableComparison[]): boolean {
  return comparisons.every(({ onlyOld, onlyNew, different }) => onlyOld + onlyNew + different === 0)
}

type Tables = { readonly old: string; readonly made: string; readonly key: Key; readonly columns: readonly string[] }

type Counted = {
  readonly equal: number
  readonly only_old: number
  readonly only_new: number
  readonly different: number
}

async function compareTable(
  queries: Queries,
  shadow: Shadow,
  table: ComparedTable,
  { signal, onProgress }: CompareOptions,
): Promise<TableComparison> {
  const { old, made } = namesOf(shadow, table)
  const key = keys[table]
  const isKey = new Set(key.map(({ name }) => name))
  const columns = (await columnsOf(queries, made)).filter(name => !isKey.has(name) && !leftOut.includes(name))
  const tables = { old, made, key, columns }
  const sums = { equal: 0, onlyOld: 0, onlyNew: 0, different: 0 }
  const byColumn: Record<string, number> = {}
  const examples: RowDifference[] = []
  for await (const portion of portionsOf(queries, [old, made], key, keysAtOnce[shadow.database.kind])) {
    signal.throwIfAborted()
    const counted = await countPortion(queries, tables, portion)
    sums.equal += counted.equal
    sums.onlyOld += counted.only_old
    sums.onlyNew += counted.only_new
    sums.different += counted.different
    const unequal = counted.only_old + counted.only_new + counted.different
    if (counted.different > 0) await countColumns(queries, tables, portion, byColumn)
    if (unequal > 0 && examples.length < examplesMax) {
      examples.push(...(await readExamples(queries, tables, portion, examplesMax - examples.length)))
    }
    onProgress(counted.equal + unequal)
  }
  return { table, ...sums, columns: byColumn, examples }
}

async function countPortion(queries: Queries, tables: Tables, portion: Portion): Promise<Counted> {
  const { joined, values } = join(tables, portion)
  const [row] = await queries.query<Counted>(
    `select count(*) filter (where in_old and in_made and not differs) as equal, count(*) filter (where in_made is null) as only_old,
        count(*) filter (where in_old is null) as only_new, count(*) filter (where in_old and in_made and differs) as different
      from (${joined}) as joined`,
    values,
  )
  return row!
}

async function countColumns(
  queries: Queries,
  tables: Tables,
  portion: Portion,
  byColumn: Record<string, number>,
): Promise<void> {
  const { joined, values } = join(tables, portion)
  const rows = await queries.query<{ name: string; rows: number }>(
    `select name, count(*) as rows from (${joined}) as joined, unnest(changed) as name
      where in_old and in_made group by name order by name`,
    values,
  )
  for (const { name, rows: count } of rows) byColumn[name] = (byColumn[name] ?? 0) + count
}

type ExampleRow = {
  readonly in_old: boolean | null
  readonly in_made: boolean | null
  readonly changed: string[] | null
}

async function readExamples(
  queries: Queries,
  tables: Tables,
  portion: Portion,
  count: number,
): Promise<RowDifference[]> {
  const { joined, values } = join(tables, portion)
  const { key } = tables
  const texts = key.map(({ name }) => `"${name}"::text as "key_${name}"`).join(', ')
  const rows = await queries.query<ExampleRow & Record<string, string>>(
    `select ${texts}, in_old, in_made, to_jsonb(changed) as changed from (${joined}) as joined
      where in_old is null or in_made is null or differs
      order by ${key.map(({ name }) => `joined."${name}"`).join(', ')} limit ${count}`,
    values,
  )
  return rows.map(row => ({
    key: Object.fromEntries(key.map(({ name }) => [name, row[`key_${name}`]!])),
    difference: row.in_made === null ? 'only-old' : row.in_old === null ? 'only-new' : 'different',
    columns: row.in_old && row.in_made ? (row.changed ?? []) : [],
  }))
}

/** Rows of both tables side by side: which of them has it, whether they differ, and the names of the columns in which they do. */
function join({ old, made, key, columns }: Tables, portion: Portion): { joined: string; values: string[] } {
  const values: string[] = []
  const [ofOld, ofMade] = [within(portion, key, 'each', values), within(portion, key, 'each', values)]
  const on = key.map(({ name }) => `old."${name}" = made."${name}"`).join(' and ')
  const keyColumns = key.map(({ name }) => `coalesce(old."${name}", made."${name}") as "${name}"`).join(', ')
  const row = (table: string): string => `(${columns.map(name => `${table}.${name}`).join(', ')})`
  const changed = columns
    .map(name => `case when old.${name} is distinct from made.${name} then '${name}' end`)
    .join(', ')
  const joined = `select ${keyColumns}, old.in_old, made.in_made, ${row('old')} is distinct from ${row('made')} as differs,
      array_remove(array[${changed}], null) as changed
    from (select each.*, true as in_old from ${old} as each where ${ofOld}) as old
    full outer join (select each.*, true as in_made from ${made} as each where ${ofMade}) as made on ${on}`
  return { joined, values }
}
