import { rmSync } from 'node:fs'
import { access, type FileHandle, link, open, rename, rm } from 'node:fs/promises'
import { constants as osConstants } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { systemRandom } from '@chronicle/base'
import { serverErrors } from '../../errors.ts'

export type WholeFileOptions = {
  /** Replace what is there. */
  readonly force: boolean
  /** Permissions of the file. */
  readonly mode: number
}

/**
 * Writes a file that gets its name when it is whole and synced, so that there is never half of one under that name (S11). When `pieces` fail, or
 * a signal ends the process, nothing stays behind. Resolves with the bytes that were written. Rejects with 'server.output-exists'.
 */
export async function writeWholeFile(
  path: string,
  pieces: AsyncIterable<Uint8Array>,
  { force, mode }: WholeFileOptions,
): Promise<number> {
  if (!force) await refuseExisting(path)
  const partial = join(dirname(path), `.${systemRandom.uuid()}.partial`)
  // Before the file is there: a signal in between would leave it.
  const forget = removeOnSignal(partial)
  const file = await open(partial, 'wx', mode).catch(error => {
    forget()
    throw error
  })
  try {
    const bytes = await writeAll(file, pieces)
    await giveName(partial, path, force)
    return bytes
  } finally {
    forget()
    await file.close()
    await rm(partial, { force: true })
  }
}

async function refuseExisting(path: string): Promise<void> {
  const exists = await access(path).then(
    () => true,
    () => false,
  )
  if (exists) throw serverErrors.create('server.output-exists', { path })
}

async function writeAll(file: FileHandle, pieces: AsyncIterable<Uint8Array>): Promise<number> {
  let bytes = 0
  for await (const piece of pieces) {
    await file.writeFile(piece)
    bytes += piece.length
  }
  await file.sync()
  return bytes
}

/** link(2) refuses a name that somebody has taken meanwhile; rename(2) replaces it. */
async function giveName(partial: string, path: string, force: boolean): Promise<void> {
  try {
    if (force) await rename(partial, path)
    else await link(partial, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    throw serverErrors.create('server.output-exists', { path: basename(path) }, error)
  }
  const directory = await open(dirname(path), 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

function removeOnSignal(partial: string): () => void {
  const onSignal = (signal: NodeJS.Signals): void => {
    rmSync(partial, { force: true })
    // As a shell shows a program that a signal has ended.
    process.exit(128 + osConstants.signals[signal])
  }
  for (const signal of signals) process.on(signal, onSignal)
  return () => {
    for (const signal of signals) process.off(signal, onSignal)
  }
}
