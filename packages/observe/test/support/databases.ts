/** The databases that tests run over: the real PostgreSQL where the machine has one, and the embedded one. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { placeEmptyTables, type RunningPostgres, startPostgres, withoutPostgres } from '@chronicle/testing'
import type { Database } from '../../src/database/contract.ts'
import { migrate } from '../../src/database/migrate.ts'
import { openDatabase } from '../../src/database/open.ts'

export type TestDatabases = {
  readonly name: string
  /** Why there is none. */
  readonly skip: string | false
  /** An empty database; closed by the caller. */
  open(): Promise<Database>
}

let running: Promise<RunningPostgres> | undefined
const directories: string[] = []

// Registered here and not where they are made: `after` belongs to the test or hook that calls it.
after(async () => {
  await (await running)?.stop()
  for (const directory of directories) rmSync(directory, { recursive: true, force: true })
})

/** One server for a test file, stopped at its end. */
export function postgres(): Promise<RunningPostgres> {
  return (running ??= startPostgres())
}

export const realPostgres: TestDatabases = {
  name: 'PostgreSQL',
  skip: withoutPostgres(),
  open: async () => openDatabase({ url: await (await postgres()).createDatabase() }),
}

export const embedded: TestDatabases = {
  name: 'embedded',
  skip: false,
  async open() {
    const directory = freshDirectory()
    await placeEmptyTables(directory)
    return openDatabase({ directory })
  },
}

export const testDatabases: readonly TestDatabases[] = [realPostgres, embedded]

export function freshDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'chronicle-embedded-'))
  directories.push(directory)
  return directory
}

/** A fresh database with its tables; closed by the caller. */
export async function openMigrated(databases: TestDatabases): Promise<Database> {
  const database = await databases.open()
  await migrate(database)
  return database
}
