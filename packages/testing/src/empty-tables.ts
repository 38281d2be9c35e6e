/**
 * The directory of an embedded database without anything in it. Making one takes seconds of a processor, copying it does not: it is made once for all test
 * files and runs, beside the packages that are installed.
 */
import { cpSync, existsSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

/** Makes `directory` such a one. One that is there stays as it is. */
export async function placeEmptyTables(directory: string): Promise<void> {
  if (existsSync(join(directory, 'PG_VERSION'))) return
  await mkdir(directory, { recursive: true, mode: 0o700 })
  // A thousand small files: one by one, from a pool of threads, they take three times as long.
  cpSync(await (template ??= madeOnce()), directory, { recursive: true })
}

let template: Promise<string> | undefined

async function madeOnce(): Promise<string> {
  const module = createRequire(import.meta.resolve('@chronicle/observe')).resolve('@electric-sql/pglite')
  const installed = dirname(dirname(module))
  const { version } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as { version: string }
  const cache = join(installed, '../../.cache/chronicle')
  const directory = join(cache, `embedded-${version}`)
  if (existsSync(directory)) return directory
  await mkdir(cache, { recursive: true })
  const making = await mkdtemp(join(cache, 'making-'))
  try {
    // Most who start a server need no tables, and none of what makes them.
    const { openDatabase } = await import('@chronicle/observe')
    await (await openDatabase({ directory: join(making, 'made') })).close()
    await rename(join(making, 'made'), directory)
  } catch (error) {
    // Another test file was quicker.
    if (!existsSync(directory)) throw error
  } finally {
    await rm(making, { recursive: true, force: true })
  }
  return directory
}
