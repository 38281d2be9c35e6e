/**
 * A disk in memory that does what disks may do. Each file has two images: what the page cache shows and what has
 * reached the platter, by sectors of 512 bytes. Power loss keeps any subset of the sectors that were not synced, and of the
 * directory's changes that were not; a killed process loses nothing. Writes may be torn, syncs may fail (the cache then takes
 * the sectors for clean, as Linux does) or lie, space may run out, any operation may be refused.
 */
import { dirname } from 'node:path'
import type { Random } from '@chronicle/base'
import type { Disk, DiskFile } from '@chronicle/wal'
import { SimInode } from './sim-inode.ts'
import type { SimScheduler } from './sim-scheduler.ts'

export type DiskOperation =
  | 'makeDirectory'
  | 'list'
  | 'open'
  | 'rename'
  | 'remove'
  | 'syncDirectory'
  | 'freeBytes'
  | 'size'
  | 'write'
  | 'read'
  | 'truncate'
  | 'datasync'

export const diskOperations: readonly DiskOperation[] = [
  'makeDirectory',
  'list',
  'open',
  'rename',
  'remove',
  'syncDirectory',
  'freeBytes',
  'size',
  'write',
  'read',
  'truncate',
  'datasync',
]

/** Asked before each operation: the code of the error that it fails with, or undefined. */
export type Fault = (operation: DiskOperation, path: string, index: number) => 'EIO' | 'ENOSPC' | 'EACCES' | undefined

/** What an operation throws after the machine has stopped: whoever gets it is dead and does not know it yet. */
export class MachineStopped extends Error {
  override readonly name = 'MachineStopped'
}

type DirectoryChange = { readonly directory: string; apply(names: Map<string, SimInode>): void }

const traceLinesMax = 120

export class SimDisk implements Disk {
  fault: Fault = () => undefined
  /** Syncs report success and may lose what they were asked to keep. */
  losesSyncs = false
  capacityBytes = Number.POSITIVE_INFINITY
  /** Operations so far. */
  operations = 0
  readonly random: Random
  readonly scheduler: SimScheduler
  #names = new Map<string, SimInode>()
  #durableNames = new Map<string, SimInode>()
  #changes: DirectoryChange[] = []
  #stopAt = Number.POSITIVE_INFINITY
  #generation = 0
  #trace: string[] = []

  constructor(random: Random, scheduler: SimScheduler) {
    this.random = random
    this.scheduler = scheduler
  }

  get stopped(): boolean {
    return this.operations >= this.#stopAt
  }

  /** The machine stops in the middle of the operation that is `count` operations away. */
  stopAfter(count: number): void {
    this.#stopAt = this.operations + count
  }

  /** Comes back after the process was killed (the page cache stays) or the power was lost (it does not). */
  restart(how: 'kill' | 'power'): void {
    this.note(`--- ${how}`)
    this.#generation++
    this.#stopAt = Number.POSITIVE_INFINITY
    this.fault = () => undefined
    if (how === 'power') this.#losePower()
  }

  /** The operations before now, latest last: what to read when a seed has failed. */
  trace(): string {
    return this.#trace.join('\n')
  }

  /** Names of all files, by path. */
  paths(): string[] {
    return [...this.#names.keys()].sort()
  }

  /** The bytes of a file as the cache shows them. */
  contents(path: string): Buffer {
    return Buffer.from(this.#inode(path).cached())
  }

  /** Changes a file behind the back of everybody, durably: a disk that decays. */
  corrupt(path: string, change: (bytes: Buffer) => Buffer): void {
    this.note(`corrupt ${path}`)
    this.#inode(path).replace(change(this.contents(path)))
  }

  /** Makes or removes a file behind the back of everybody, durably. */
  plant(path: string, bytes: Buffer | undefined): void {
    this.note(`plant ${path}`)
    const inode = new SimInode()
    inode.replace(bytes ?? Buffer.alloc(0))
    for (const names of [this.#names, this.#durableNames]) {
      if (bytes) names.set(path, inode)
      else names.delete(path)
    }
  }

  makeDirectory(directory: string): void {
    this.enter('makeDirectory', directory)
  }

  list(directory: string): string[] {
    this.enter('list', directory)
    const names = this.paths().filter(path => dirname(path) === directory)
    return names.map(path => path.slice(directory.length + 1))
  }

  open(path: string, mode: 'read' | 'write' | 'create'): DiskFile {
    this.enter('open', path, mode)
    if (mode === 'create') {
      if (this.#names.has(path)) throw failure('EEXIST', 'open', path)
      const inode = new SimInode()
      this.#change(path, names => void names.set(path, inode))
    }
    return new SimFile(this, path, this.#inode(path), this.#generation)
  }

  rename(from: string, to: string): void {
    this.enter('rename', from, to)
    const inode = this.#inode(from)
    this.#change(from, names => {
      names.delete(from)
      names.set(to, inode)
    })
  }

  remove(path: string): void {
    this.enter('remove', path)
    this.#inode(path)
    this.#change(path, names => void names.delete(path))
  }

  syncDirectory(directory: string): Promise<void> {
    return this.later('syncDirectory', directory, () => {
      const kept = this.#changes.filter(change => change.directory !== directory)
      for (const change of this.#changes) if (!kept.includes(change)) change.apply(this.#durableNames)
      this.#changes = kept
    })
  }

  freeBytes(directory: string): Promise<number> {
    return this.later('freeBytes', directory, () => Math.max(0, this.capacityBytes - this.usedBytes()))
  }

  usedBytes(): number {
    let used = 0
    for (const inode of new Set(this.#names.values())) used += inode.size
    return used
  }

  /** Counts an operation, and fails it where the machine stops or a fault is set. */
  enter(operation: DiskOperation, path: string, facts = ''): void {
    if (this.stopped) throw new MachineStopped()
    const index = this.operations++
    this.note(`${index} ${operation} ${path} ${facts}`)
    if (this.stopped) throw new MachineStopped()
    const code = this.fault(operation, path, index)
    if (code) throw failure(code, operation, path)
  }

  /** The same for an operation in the background; `finish` runs when it completes. */
  later<T>(operation: DiskOperation, path: string, finish: () => T, failed?: () => void): Promise<T> {
    try {
      this.enter(operation, path)
    } catch (error) {
      if (error instanceof MachineStopped) return new Promise<T>(() => {})
      failed?.()
      return this.scheduler.complete(() => {
        throw error
      })
    }
    const generation = this.#generation
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    const settle = () => {
      // The process that waited for it is gone.
      if (this.stopped || generation !== this.#generation) return
      try {
        resolve(finish())
      } catch (error) {
        reject(error)
      }
    }
    void this.scheduler.complete(settle)
    return promise
  }

  isCurrent(generation: number): boolean {
    return generation === this.#generation
  }

  note(line: string): void {
    this.#trace.push(line)
    if (this.#trace.length > traceLinesMax) this.#trace.shift()
  }

  #inode(path: string): SimInode {
    const inode = this.#names.get(path)
    if (!inode) throw failure('ENOENT', 'open', path)
    return inode
  }

  #change(path: string, apply: (names: Map<string, SimInode>) => void): void {
    apply(this.#names)
    this.#changes.push({ directory: dirname(path), apply })
  }

  #losePower(): void {
    const chance = [0, 50, 100][this.random.int(3)]!
    for (const change of this.#changes) {
      // A change to a name that an earlier, lost change would have made: it has nothing to act upon.
      if (this.random.int(100) < chance) change.apply(this.#durableNames)
    }
    this.#changes = []
    this.#names = new Map(this.#durableNames)
    for (const inode of new Set(this.#names.values())) inode.losePower(this.random)
  }
}

class SimFile implements DiskFile {
  readonly path: string
  readonly #disk: SimDisk
  readonly #inode: SimInode
  readonly #generation: number
  #closed = false

  constructor(disk: SimDisk, path: string, inode: SimInode, generation: number) {
    this.#disk = disk
    this.path = path
    this.#inode = inode
    this.#generation = generation
  }

  size(): number {
    this.#enter('size')
    return this.#inode.size
  }

  writeSync(pieces: readonly Uint8Array[], position: number): void {
    const bytes = Buffer.concat(pieces)
    const room = this.#disk.capacityBytes - this.#disk.usedBytes() + this.#inode.size - position
    try {
      this.#enter('write', `${bytes.length} at ${position}`)
      if (bytes.length > room) throw failure('ENOSPC', 'write', this.path)
    } catch (error) {
      // A write that fails, or that the machine stops in, may have been done in part.
      const part = this.#disk.random.int(Math.min(bytes.length, Math.max(0, room)) + 1)
      if (this.#disk.isCurrent(this.#generation)) this.#inode.write(bytes.subarray(0, part), position)
      throw error
    }
    this.#inode.write(bytes, position)
  }

  async write(pieces: readonly Uint8Array[], position: number): Promise<void> {
    await this.#disk.scheduler.complete(() => this.writeSync(pieces, position))
  }

  readSync(target: Uint8Array, targetStart: number, length: number, position: number): number {
    this.#enter('read', `${length} at ${position}`)
    return this.#inode.read(target, targetStart, this.#shorten(length), position)
  }

  read(target: Uint8Array, targetStart: number, length: number, position: number): Promise<number> {
    this.#assertOpen()
    return this.#disk.later('read', this.path, () => {
      this.#assertOpen()
      return this.#inode.read(target, targetStart, this.#shorten(length), position)
    })
  }

  truncate(length: number): void {
    this.#enter('truncate', `${length}`)
    this.#inode.truncate(length)
  }

  datasync(): Promise<void> {
    this.#assertOpen()
    const covered = this.#inode.dirtySectors()
    const finish = () => this.#inode.sync(covered, this.#disk.losesSyncs ? this.#disk.random : undefined)
    return this.#disk.later('datasync', this.path, finish, () => this.#inode.failSync(covered, this.#disk.random))
  }

  close(): void {
    this.#assertOpen()
    this.#closed = true
  }

  /** Reads may return less than they were asked for. */
  #shorten(length: number): number {
    return length > 1 && this.#disk.random.int(20) === 0 ? 1 + this.#disk.random.int(length) : length
  }

  #enter(operation: DiskOperation, facts = ''): void {
    this.#assertOpen()
    this.#disk.enter(operation, this.path, facts)
  }

  #assertOpen(): void {
    if (!this.#disk.isCurrent(this.#generation)) throw new MachineStopped()
    if (this.#closed) throw failure('EBADF', 'use', this.path)
  }
}

function failure(code: string, operation: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${operation} '${path}'`), { code, path })
}
