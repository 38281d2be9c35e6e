/** The databases that tests run over: the real PostgreSQL where the machine has one, and the embedded one. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { type RunningPostgres, startPostgres, withoutPostgres } from '@chronicle/testing'
import type { Database } from '../src/database/contract.ts'
import { migrate } from '../src/database/migrate.ts'
import { openDatabase } from '../src/database/open.ts'

export type TestDatabases = {
  readonly name: string
  /** Why there is none. */
  readonly skip: string | false
  /** An empty database. */
  open(): Promise<Database>
}

let running: Promise<RunningPostgres> | undefined

/** One server for a test file, stopped at its end. */
export function postgres(): Promise<RunningPostgres> {
  if (running === undefined) {
    running = startPostgres()
    after(async () => (await running)?.stop())
  }
  return running
}

export const testDatabases: readonly TestDatabases[] = [
  {
    name: 'PostgreSQL',
    skip: withoutPostgres(),
    open: async () => openDatabase({ url: await (await postgres()).createDatabase() }),
  },
  {
    name: 'embedded',
    skip: false,
    async open() {
      const directory = mkdtempSync(join(tmpdir(), 'chronicle-embedded-'))
      after(() => rmSync(directory, { recursive: true, force: true }))
      return openDatabase({ directory })
    },
  },
]

/** A fresh database with its tables; closed by the caller. */
export async function openMigrated(databases: TestDatabases): Promise<Database> {
  const database = await databases.open()
  await migrate(database)
  return database
}
