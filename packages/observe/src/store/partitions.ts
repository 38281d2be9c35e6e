/**
 * `swarm_events` has one partition a week, from Monday to Monday UTC, named by its first day: `swarm_events_20261116`.
 * A new one is attached rather than created in place: attaching keeps neither readers nor the writer waiting (ALTER TABLE, ATTACH PARTITION).
 */

import type { Database, Queries } from '../database/contract.ts'
import { lockMigrations } from '../database/locks.ts'
import { tableLockTimeoutMs } from './limits.ts'

const dayMs = 86_400_000
export const weekMs = 7 * dayMs
/** The epoch was a Thursday. */
const firstMondayMs = 4 * dayMs

/** Partitions are named by when their week begins, in milliseconds since the epoch. */
export function weekOf(ms: number): number {
  return Math.floor((ms - firstMondayMs) / weekMs) * weekMs + firstMondayMs
}

/** Makes those of `weeks` that are missing, and gives them back. */
export async function makePartitions(database: Database, weeks: Iterable<number>): Promise<number[]> {
  const existing = new Set(await readPartitions(database))
  const missing = [...new Set(weeks)].filter(week => !existing.has(week)).sort((a, b) => a - b)
  for (const week of missing) await database.transaction(queries => makePartition(queries, week))
  return missing
}

/** The weeks that have a partition, the oldest first. Tables that somebody else attached are not ours to count. */
export async function readPartitions(queries: Queries): Promise<number[]> {
  const rows = await queries.query<{ name: string }>(
    `select relname as name from pg_inherits join pg_class on pg_class.oid = inhrelid where inhparent = 'swarm_events'::regclass`,
  )
  return rows
    .map(({ name }) => /^swarm_events_(\d{4})(\d{2})(\d{2})$/.exec(name))
    .filter(match => match !== null)
    .map(([, year, month, day]) => Date.UTC(Number(year), Number(month) - 1, Number(day)))
    .sort((a, b) => a - b)
}

/** Drops the partitions whose whole week lies before `beforeMs`, and gives their weeks back. */
export async function dropPartitions(database: Database, beforeMs: number): Promise<number[]> {
  const old = (await readPartitions(database)).filter(week => week + weekMs <= beforeMs)
  for (const week of old) {
    await database.transaction(queries =>
      queries.script(`set local lock_timeout = ${tableLockTimeoutMs}; drop table if exists ${nameOf(week)}`),
    )
  }
  return old
}

async function makePartition(queries: Queries, week: number): Promise<void> {
  // Two processes at once would both find it missing.
  await lockMigrations(queries)
  if ((await readPartitions(queries)).includes(week)) return
  const [from, to] = [week, week + weekMs].map(ms => new Date(ms).toISOString())
  await queries.script(`set local lock_timeout = ${tableLockTimeoutMs};
    create table ${nameOf(week)} (like swarm_events including defaults including constraints);
    alter table swarm_events attach partition ${nameOf(week)} for values from ('${from}') to ('${to}')`)
}

function nameOf(week: number): string {
  return `swarm_events_${new Date(week).toISOString().slice(0, 10).replaceAll('-', '')}`
}
