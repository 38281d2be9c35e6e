import { existsSync } from 'node:fs'
import { type Stoppable, systemClock } from '@chronicle/base'
import {
  type Database,
  inspectMigrations,
  type Migration,
  type MigrationState,
  migrate,
  openDatabase,
  readMigrations,
} from '@chronicle/observe'
import { serverErrors } from '../errors.ts'
import { secretsOf } from '../observe/secrets.ts'
import { dataPaths, prepareDataDirectory } from '../process/data-directory.ts'
import { lockDataDirectory } from '../process/lock.ts'
import type { ServerSettings } from '../settings.ts'
import { plural, printable } from './format.ts'
import { exitCodes } from './report.ts'
import type { Terminal } from './terminal.ts'

export type MigrateOptions = { readonly check?: boolean; readonly dryRun?: boolean; readonly json?: boolean }

/** S32. Which database it is. Taken from what it says itself: a URL may hold a password in more places than one. */
type DatabaseFacts = {
  readonly kind: Database['kind']
  /** Of PostgreSQL; absent where the database is not there yet. */
  readonly version?: string
  readonly name?: string
  readonly user?: string
  readonly directory?: string
}

/** Applies the migrations that the tables lack, or says which those are. Returns the exit code: 0 when none is missing in the end. */
export async function migrateTables(
  terminal: Terminal,
  settings: ServerSettings,
  options: MigrateOptions,
): Promise<number> {
  const { dataDirectory } = settings
  const url = settings.databaseUrl?.reveal() ?? (await secretsOf(settings, systemClock)?.value('DATABASE_URL'))
  if (url !== undefined) return migrateDatabase(terminal, await openDatabase({ url }), options)
  const directory = dataPaths(dataDirectory).tables
  if (isCheck(options) && !existsSync(directory)) {
    const missing = await readMigrations()
    return report(terminal, { kind: 'embedded', directory }, { applied: [], missing }, options)
  }
  prepareDataDirectory(dataDirectory)
  const lock = lockTables(dataDirectory)
  try {
    return await migrateDatabase(terminal, await openDatabase({ directory }), options, directory)
  } finally {
    await lock.stop()
  }
}

function isCheck({ check, dryRun }: MigrateOptions): boolean {
  return check === true || dryRun === true
}

/** Closes the database in the end. */
async function migrateDatabase(
  terminal: Terminal,
  database: Database,
  options: MigrateOptions,
  directory?: string,
): Promise<number> {
  try {
    const facts = await factsOf(database, directory)
    const state = isCheck(options) ? await inspectMigrations(database) : await applyMissing(database)
    return report(terminal, facts, state, options)
  } finally {
    await database.close()
  }
}

/** S32. One process at a time may open the embedded database, and the lock of the data directory is what keeps a second one out. */
function lockTables(dataDirectory: string): Stoppable {
  try {
    return lockDataDirectory(dataDirectory)
  } catch (error) {
    if (!serverErrors.is(error) || error.code !== 'server.data-directory-locked') throw error
    throw serverErrors.create('server.tables-in-use', error.details, error)
  }
}

/** `missing` is what was applied by us: another process may have come first with some of it. */
async function applyMissing(database: Database): Promise<MigrationState> {
  const { applied: names } = await migrate(database)
  const all = await readMigrations()
  const isOurs = ({ name }: Migration): boolean => names.includes(name)
  return { applied: all.filter(each => !isOurs(each)), missing: all.filter(isOurs) }
}

async function factsOf(database: Database, directory: string | undefined): Promise<DatabaseFacts> {
  const [facts] = await database.query<{ version: string; name: string; user: string }>(
    `select current_setting('server_version') as version, current_database()::text as name, current_user::text as "user"`,
  )
  const { version, name, user } = facts!
  return directory === undefined
    ? { kind: database.kind, version, name, user }
    : { kind: database.kind, version, directory }
}

function report(
  terminal: Terminal,
  database: DatabaseFacts,
  { applied, missing }: MigrationState,
  options: MigrateOptions,
): number {
  const onlyChecks = isCheck(options)
  const exitCode = onlyChecks && missing.length > 0 ? exitCodes.failure : exitCodes.ok
  const newest = (migrations: readonly Migration[]): number => migrations.at(-1)?.version ?? 0
  const [before, target] = [newest(applied), newest([...applied, ...missing])]
  if (options.json) {
    const now = onlyChecks ? before : target
    const names = missing.map(fileOf)
    const done = onlyChecks ? { applied: [], missing: names } : { applied: names, missing: [] }
    terminal.out(JSON.stringify({ database, version: now, program: target, ...done }, null, 2))
    return exitCode
  }
  terminal.out(terminal.style('bold', inWords(database)))
  for (const migration of applied) {
    terminal.out(`  ${terminal.style('dim', `✓ ${fileOf(migration)}  applied before`)}`)
  }
  for (const migration of missing) {
    terminal.out(
      onlyChecks
        ? `  ${terminal.style('yellow', '·')} ${fileOf(migration)}  is missing`
        : `  ${terminal.style('green', '✓')} ${fileOf(migration)}  applied now`,
    )
  }
  terminal.out(verdict(missing, before, target, onlyChecks))
  return exitCode
}

function verdict(missing: readonly Migration[], before: number, target: number, onlyChecks: boolean): string {
  if (missing.length === 0) return `The tables have version ${target}, which is that of this program. Nothing to do.`
  if (!onlyChecks) return `The tables have version ${target} now.`
  const has = before === 0 ? 'There are no tables yet' : `The tables have version ${before}`
  return `${has}, this program's is ${target}: \`chronicle migrate\` would apply ${plural(missing.length, 'migration')}. Nothing was changed.`
}

function fileOf({ version, name }: Migration): string {
  return `${String(version).padStart(4, '0')}_${name}`
}

function inWords({ kind, version, name, user, directory }: DatabaseFacts): string {
  const program = version === undefined ? 'PostgreSQL' : `PostgreSQL ${printable(version)}`
  if (kind === 'embedded') return `Embedded ${program} in ${printable(directory ?? '')}`
  return `${program}, database ${printable(name ?? '')}, user ${printable(user ?? '')}`
}
