/**
 * Files for plain bytes that have to be read by their path: they have no name from before their first byte on (S16).
 *
 * ```text
 * DIRECTORY/chronicle-private-XXXXXX/plain   made with 0700 and 0600, opened, and both names removed, before anything is written
 * /proc/self/fd/N                            how this process, and no other user, opens it again (/dev/fd/N on macOS)
 * ```
 * What a process had in such files is gone with it, however it ended. One that is killed between making a name and removing it leaves an empty file, which the next
 * one sweeps. Memory (/dev/shm) is chosen where it has the room, for of a file on a disk the freed blocks keep what was in them until something else is written there.
 */
import { lstatSync, readdirSync, rmdirSync, rmSync, statfsSync, unlinkSync } from 'node:fs'
import { type FileHandle, mkdtemp, open } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type Clock, messageOf } from '@chronicle/base'
import { serverErrors } from '../errors.ts'

const prefix = 'chronicle-private-'
/** Of what the system could still give away: the rest is for whoever reads the files. */
const memoryShareMax = 0.5
/** Nobody takes that long between making a name and removing it. */
const abandonedAfterMs = 60_000

export type PrivateFile = {
  /** Opens the same bytes again, in this process alone. */
  readonly path: string
  /** Open for reading and writing. Closing it gives the room back. */
  readonly handle: FileHandle
}

export type PrivatePlaceOptions = {
  /** That all files together will have at most. */
  readonly bytes: number
  /** On a disk, where memory has not the room. */
  readonly directory: string
  readonly clock: Clock
  /** A file system that lies in memory, if there is one here. */
  readonly memoryDirectory?: string
}

export type PrivatePlace = {
  readonly directory: string
  /** Nothing of what is written goes to a disk, unless the system swaps. */
  readonly isMemory: boolean
  /** A new, empty file. Rejects with 'server.no-private-place'. */
  create(): Promise<PrivateFile>
}

/** Chooses where, and sweeps there. Throws 'server.no-private-place' where there is no room. */
export function openPrivatePlace(options: PrivatePlaceOptions): PrivatePlace {
  const { bytes, directory: disk, clock, memoryDirectory = '/dev/shm' } = options
  const memoryBytes = Math.min(freeBytes(memoryDirectory) ?? -1, process.availableMemory() * memoryShareMax)
  const isMemory = bytes <= memoryBytes
  const directory = isMemory ? memoryDirectory : disk
  const free = freeBytes(directory)
  if (free === undefined) throw refused(directory, 'it is not there, or not for this user')
  if (bytes > free) throw refused(directory, `it has room for ${free} bytes, and ${bytes} are needed`)
  sweep(directory, clock)
  return { directory, isMemory, create: () => createNameless(directory) }
}

/** S16: the names are gone before the caller can write. */
async function createNameless(directory: string): Promise<PrivateFile> {
  let handle: FileHandle | undefined
  try {
    const name = join(await mkdtemp(join(directory, prefix)), 'plain')
    handle = await open(name, 'wx+', 0o600)
    unlinkSync(name)
    rmdirSync(dirname(name))
    // A network file system keeps a name of its own for what is open.
    if ((await handle.stat()).nlink !== 0) throw new Error('the file system does not let go of a name')
    return { path: `${descriptorDirectory()}/${handle.fd}`, handle }
  } catch (cause) {
    await handle?.close()
    throw refused(directory, messageOf(cause), cause)
  }
}

function descriptorDirectory(): string {
  return process.platform === 'linux' ? '/proc/self/fd' : '/dev/fd'
}

/** undefined where there is no such directory. */
function freeBytes(directory: string): number | undefined {
  try {
    const { bavail, bsize } = statfsSync(directory)
    return bavail * bsize
  } catch {
    // Whatever the reason: it is no place.
    return undefined
  }
}

/** Removes what a process has left that was killed between making a name and removing it. */
function sweep(directory: string, clock: Clock): void {
  for (const name of readdirSync(directory).filter(name => name.startsWith(prefix))) {
    const path = join(directory, name)
    const found = lstatSync(path, { throwIfNoEntry: false })
    if (!found || found.uid !== process.getuid?.() || clock.now() - found.mtimeMs < abandonedAfterMs) continue
    rmSync(path, { recursive: true, force: true })
  }
}

function refused(directory: string, reason: string, cause?: unknown) {
  return serverErrors.create('server.no-private-place', { directory, reason }, cause)
}
