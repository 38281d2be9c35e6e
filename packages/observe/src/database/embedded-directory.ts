/**
 * The directory of the embedded database, made when it is not there yet (OD10). Making it takes seconds of one processor and 500 MB, of which the module lets little go. So a process of
 * its own does it: this one goes on serving meanwhile, and the memory is given back with the end of that one.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { access, mkdir, mkdtemp, readdir, rename, rm, rmdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { observeErrors } from '../errors.ts'
import { calling, databaseError } from './failure.ts'

const program = fileURLToPath(new URL('./make-directory.ts', import.meta.url))

/** Without the optimizing compiler: for something that runs once it takes as long to compile as it saves, and twice the memory. */
const engineFlags = ['--liftoff-only']

/**
 * Resolves when the directory is whole: it takes its place at once, and what a crash leaves beside it is removed by the next one who makes it. Rejects with
 * 'observe.database-unavailable', also where something else is in its place: that is not touched.
 */
export async function ensureDirectory(directory: string): Promise<void> {
  if (await isMade(directory)) return
  const making = await calling(() => begin(directory))
  try {
    await make(making)
    await calling(() => rename(making, directory))
  } catch (error) {
    await rm(making, { recursive: true, force: true })
    throw error
  }
}

/** The module writes this file too when it makes one, and looks for it. */
async function isMade(directory: string): Promise<boolean> {
  try {
    await access(join(directory, 'PG_VERSION'))
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw databaseError(error)
  }
}

/** Where it is made: beside its place, which it takes when it is whole. */
async function begin(directory: string): Promise<string> {
  const parent = dirname(directory)
  const prefix = `${basename(directory)}.making-`
  await mkdir(parent, { recursive: true, mode: 0o700 })
  const left = (await readdir(parent)).filter(name => name.startsWith(prefix))
  for (const name of left) await rm(join(parent, name), { recursive: true, force: true })
  await removeEmpty(directory)
  return mkdtemp(join(parent, prefix))
}

async function removeEmpty(directory: string): Promise<void> {
  try {
    await rmdir(directory)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}

/** Of the environment nothing is passed on: it may hold passwords. */
async function make(directory: string): Promise<void> {
  const child = fork(program, [directory], {
    execArgv: engineFlags,
    env: {},
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })
  let reason: string | undefined
  child.on('message', message => {
    reason = String(message)
  })
  const [code, signal] = await once(child, 'exit')
  if (code === 0) return
  throw observeErrors.create('observe.database-unavailable', {
    reason: reason ?? `the process that makes its directory ended with ${signal ?? code}`,
  })
}
