/**
 * A directory on a machine that may lose its power. What is there afterwards is the least that POSIX promises: of a file the bytes at its last sync, of a directory the names
 * at its last sync. Everything happens on the real disk; kept beside it is what of it is durable.
 */
import { lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Disk, nodeDisk } from '../src/archive/disk.ts'
import { temporaryBase } from './temporary-base.ts'

type Name = { readonly name: string; readonly inode: string; readonly isDirectory: boolean }

export class PowerLossDisk {
  readonly root = temporaryBase()
  /** Of files and directories by inode. */
  readonly #contents = new Map<string, Buffer>()
  readonly #names = new Map<string, readonly Name[]>()
  /** Of files that are being written. */
  readonly #paths = new Map<number, string>()
  readonly disk: Disk = {
    ...nodeDisk,
    create: path => {
      const file = nodeDisk.create(path)
      this.#paths.set(file, path)
      return file
    },
    sync: file => {
      nodeDisk.sync(file)
      const path = this.#paths.get(file)!
      this.#contents.set(inodeOf(path), readFileSync(path))
    },
    syncDirectory: path => {
      nodeDisk.syncDirectory(path)
      if (path.startsWith(this.root)) this.#keepNames(path)
    },
  }

  constructor() {
    this.#keepNames(this.root)
  }

  /** What is there afterwards, as another directory. */
  afterPowerLoss(): string {
    const root = temporaryBase()
    this.#restore(inodeOf(this.root), root)
    return root
  }

  #keepNames(path: string): void {
    const names = readdirSync(path, { withFileTypes: true }).map(entry => {
      return { name: entry.name, inode: inodeOf(join(path, entry.name)), isDirectory: entry.isDirectory() }
    })
    this.#names.set(inodeOf(path), names)
  }

  #restore(directory: string, to: string): void {
    for (const { name, inode, isDirectory } of this.#names.get(directory) ?? []) {
      const path = join(to, name)
      if (isDirectory) {
        mkdirSync(path, { mode: 0o700 })
        this.#restore(inode, path)
      } else writeFileSync(path, this.#contents.get(inode) ?? '', { mode: 0o600 })
    }
  }
}

/** Numbers of inodes are given out again. */
function inodeOf(path: string): string {
  const { ino, birthtimeNs } = lstatSync(path, { bigint: true })
  return `${ino} ${birthtimeNs}`
}
