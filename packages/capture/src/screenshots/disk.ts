/** What screenshots ask of a file system: an argument, so that a test can fail or end it at any step. */
import { chmod, mkdir, open, readdir, readFile, rm } from 'node:fs/promises'

export type ShotDisk = {
  /** With its parents, for its owner alone. */
  makeDirectory(path: string): Promise<void>
  /** A new file for its owner alone; fails where there is one. */
  create(path: string): Promise<ShotFile>
  read(path: string): Promise<Buffer>
  /** Succeeds where there is no such file. */
  remove(path: string): Promise<void>
  /** Names in a directory; none where there is no such directory. */
  list(path: string): Promise<string[]>
}

export type ShotFile = {
  write(bytes: Uint8Array): Promise<void>
  close(): Promise<void>
}

export const nodeShotDisk: ShotDisk = {
  async makeDirectory(path) {
    await mkdir(path, { recursive: true, mode: 0o700 })
    // One that is there may have been made by hand.
    await chmod(path, 0o700)
  },
  async create(path) {
    const file = await open(path, 'wx', 0o600)
    return { write: bytes => file.writeFile(bytes), close: () => file.close() }
  },
  read: path => readFile(path),
  remove: path => rm(path, { force: true }),
  async list(path) {
    try {
      return await readdir(path)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
      throw error
    }
  },
}
