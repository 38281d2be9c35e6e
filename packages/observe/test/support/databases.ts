/** The databases that tests run over: the real PostgreSQL where the machine has one, and the embedded one. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { cp, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type RunningPostgres, startPostgres, withoutPostgres } from '@chronicle/testing'
import type { Database } from '../../src/database/contract.ts'
import { ensureDirectory } from '../../src/database/embedded-directory.ts'
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
    await cp(await (template ??= emptyEmbedded()), directory, { recursive: true })
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

let template: Promise<string> | undefined

/** Making one takes seconds of a processor, copying it does not: it is made once for all test files and runs, beside the packages that are installed. */
async function emptyEmbedded(): Promise<string> {
  const installed = dirname(dirname(fileURLToPath(import.meta.resolve('@electric-sql/pglite'))))
  const { version } = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8')) as { version: string }
  const cache = join(installed, '../../.cache/chronicle')
  const directory = join(cache, `embedded-${version}`)
  if (existsSync(directory)) return directory
  await mkdir(cache, { recursive: true })
  const making = await mkdtemp(join(cache, 'making-'))
  try {
    await ensureDirectory(join(making, 'made'))
    await rename(join(making, 'made'), directory)
  } catch (error) {
    // Another test file was quicker.
    if (!existsSync(directory)) throw error
  } finally {
    await rm(making, { recursive: true, force: true })
  }
  return directory
}
