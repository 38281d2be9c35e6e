import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { observeErrors } from '../errors.ts'
import type { Database, Queries } from './contract.ts'
import { lockMigrations } from './locks.ts'

/** One file `NNNN_name.sql`. A released one is never changed: its checksum is kept with the database that it was applied to. */
export type Migration = {
  readonly version: number
  readonly name: string
  readonly sql: string
  readonly checksum: string
}

export type MigrationReport = {
  /** The newest migration that the database has now. */
  readonly version: number
  /** Names of those that were applied just now, in their order. */
  readonly applied: readonly string[]
}

/** How a database stands to this program's migrations. */
export type MigrationState = {
  /** Applied to it already, in their order. */
  readonly applied: readonly Migration[]
  /** What {@link migrate} would apply, in their order. */
  readonly missing: readonly Migration[]
}

type Applied = { readonly version: number; readonly name: string; readonly checksum: string }

const directory = new URL('./migrations/', import.meta.url)
const selectApplied = 'select version, name, checksum from observe_migrations order by version'
const fileName = /^(\d{4})_([a-z0-9_]+)\.sql$/

/**
 * Brings the tables to this program's version (OD1): what is missing is applied in one transaction, under a lock that lets one process at a time do it. A database that
 * a newer program has migrated, or whose migrations were others, is refused and not touched.
 */
export async function migrate(database: Database, migrations?: readonly Migration[]): Promise<MigrationReport> {
  const ours = migrations ?? (await readMigrations())
  return database.transaction(async queries => {
    await lockMigrations(queries)
    const applied = await appliedTo(queries)
    refuseOthers(applied, ours)
    const missing = ours.slice(applied.length)
    for (const migration of missing) await apply(queries, migration)
    return { version: ours.at(-1)?.version ?? 0, applied: missing.map(({ name }) => name) }
  })
}

/** What {@link migrate} would do, without doing anything; refuses what it would refuse. */
export async function inspectMigrations(database: Database): Promise<MigrationState> {
  const ours = await readMigrations()
  const [table] = await database.query<{ name: string | null }>(
    `select to_regclass('observe_migrations')::text as name`,
  )
  const applied = table?.name == null ? [] : await database.query<Applied>(selectApplied)
  refuseOthers(applied, ours)
  return { applied: ours.slice(0, applied.length), missing: ours.slice(applied.length) }
}

/** In the order of their versions, which count from 1 without a gap. */
export async function readMigrations(): Promise<Migration[]> {
  const files = (await readdir(directory)).filter(name => fileName.test(name)).sort()
  return Promise.all(
    files.map(async file => {
      // A checkout on Windows has other line ends, and is the same migration.
      const sql = (await readFile(new URL(file, directory), 'utf8')).replaceAll('\r\n', '\n')
      const [, version, name] = fileName.exec(file)!
      return { version: Number(version), name: name!, sql, checksum: createHash('sha256').update(sql).digest('hex') }
    }),
  )
}

async function appliedTo(queries: Queries): Promise<Applied[]> {
  await queries.script(`create table if not exists observe_migrations (
    version int primary key, name text not null, checksum text not null, applied_at timestamptz not null default now())`)
  return queries.query<Applied>(selectApplied)
}

function refuseOthers(applied: readonly Applied[], ours: readonly Migration[]): void {
  const newest = applied.at(-1)?.version ?? 0
  const known = ours.at(-1)?.version ?? 0
  if (newest > known) throw observeErrors.create('observe.schema-newer', { database: newest, program: known })
  for (const [index, { version, name, checksum }] of applied.entries()) {
    if (ours[index]?.version === version && ours[index].checksum === checksum) continue
    throw observeErrors.create('observe.schema-differs', { version, migration: name })
  }
}

async function apply(queries: Queries, { version, name, sql, checksum }: Migration): Promise<void> {
  await queries.script(sql)
  await queries.query('insert into observe_migrations (version, name, checksum) values ($1, $2, $3)', [
    version,
    name,
    checksum,
  ])
}
