/** What an archive asks of a file system: an argument, so that a test can fail or end it between any two steps. Synchronous and small. */
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'

export type Disk = {
  /** A new file for its owner alone; fails where there is one. */
  create(path: string): number
  open(path: string): number
  write(file: number, bytes: Uint8Array): void
  read(file: number, into: Uint8Array, position: number): number
  sync(file: number): void
  close(file: number): void
  rename(from: string, to: string): void
  /** Removes a file; succeeds where there is none. */
  remove(path: string): void
  /** With its parents, for its owner alone. */
  makeDirectory(path: string): void
  syncDirectory(path: string): void
  /** Undefined where there is no such file. */
  readFile(path: string): Buffer | undefined
  /** All regular files below, relative with slashes; none where there is no such directory. Links are not followed, and are no files. */
  list(path: string): string[]
  size(path: string): number | undefined
}

export const nodeDisk: Disk = {
  create: path => openSync(path, 'wx', 0o600),
  open: path => openSync(path, 'r'),
  write(file, bytes) {
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at)
  },
  read: (file, into, position) => readSync(file, into, 0, into.length, position),
  sync: file => fsyncSync(file),
  close: file => closeSync(file),
  rename: (from, to) => renameSync(from, to),
  remove: path => rmSync(path, { force: true }),
  makeDirectory: path => void mkdirSync(path, { recursive: true, mode: 0o700 }),
  syncDirectory(path) {
    const directory = openSync(path, 'r')
    try {
      fsyncSync(directory)
    } finally {
      closeSync(directory)
    }
  },
  readFile: path => ifThere(() => readFileSync(path)),
  list: path =>
    (ifThere(() => readdirSync(path, { recursive: true, withFileTypes: true })) ?? [])
      .filter(entry => entry.isFile())
      .map(entry => `${entry.parentPath}/${entry.name}`.slice(path.length + 1))
      .sort(),
  size: path => ifThere(() => statSync(path).size),
}

function ifThere<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** Makes the name of a directory durable, and those of its parents, which may be as new. */
export function syncAbove(disk: Disk, path: string): void {
  for (let at = path; at !== dirname(at); at = dirname(at)) {
    try {
      disk.syncDirectory(dirname(at))
    } catch (error) {
      // What this user may not even open was there before.
      if (!['EACCES', 'EPERM'].includes(`${(error as NodeJS.ErrnoException).code}`)) throw error
      return
    }
  }
}

/** A new file whose bytes are durable; its name is not, until its directory is synced. */
export function writeDurably(disk: Disk, path: string, pieces: Iterable<Uint8Array>): void {
  const file = disk.create(path)
  try {
    for (const piece of pieces) disk.write(file, piece)
    disk.sync(file)
  } finally {
    disk.close(file)
  }
}
