import { join } from 'node:path'
import type { Clock } from '@chronicle/base'
import type { Logger } from '@chronicle/telemetry'
import type { Disk } from '@chronicle/wal'
import type { LogContext } from '../context.ts'
import { LogState } from '../log-state.ts'
import { capture } from './capture.ts'
import { readSnapshot, writeSnapshot } from './file.ts'
import { snapshotDamaged } from './format.ts'
import { Restore } from './restore.ts'

/** A second one stands by in case the newest cannot be read. */
const snapshotsKept = 2
const temporaryName = 'snapshot.temporary'
const namePattern = /^(\d{16})\.snapshot$/

/** What a start found. */
export type Loaded = {
  readonly state: LogState
  /** Position that the replay begins at. */
  readonly lsn: number
  /** Files that could not be read, and why. */
  readonly damaged: readonly { readonly file: string; readonly error: unknown }[]
}

/** Position of the newest snapshot in `directory`, whole or not: all below it had been durable when it got its name (L10). 0 when there is none. */
export function newestSnapshotLsn(directory: string, disk: Disk): number {
  return Math.max(0, ...lsnsIn(directory, disk))
}

function lsnsIn(directory: string, disk: Disk): number[] {
  return disk
    .list(directory)
    .flatMap(name => namePattern.exec(name)?.[1] ?? [])
    .map(Number)
}

/** The snapshots of one log, as files named after the position that they stand for. */
export class Snapshots {
  readonly #disk: Disk
  readonly #directory: string
  readonly #clock: Clock
  readonly #logger: Logger
  /** Positions of those that are on disk and whole, oldest first. */
  #lsns: number[] = []
  #lastBytes = 0

  constructor(options: { disk: Disk; directory: string; clock: Clock; logger: Logger }) {
    this.#disk = options.disk
    this.#directory = options.directory
    this.#clock = options.clock
    this.#logger = options.logger
  }

  /** Position of the newest one, −1 when there is none. */
  get newestLsn(): number {
    return this.#lsns.at(-1) ?? -1
  }

  get newestBytes(): number {
    return this.#lastBytes
  }

  /** Nothing at or above it may be trimmed (L10): the older snapshot needs it, or, while there is only one, a replay of everything. */
  get trimLimit(): number {
    return this.#lsns.length < snapshotsKept ? 0 : this.#lsns[0]!
  }

  /** Loads the newest snapshot that is whole; an empty state at position 0 when there is none. */
  async load(context: LogContext): Promise<Loaded> {
    this.#disk.makeDirectory(this.#directory)
    const names = this.#disk.list(this.#directory)
    if (names.includes(temporaryName)) this.#disk.remove(this.#path(temporaryName))
    const lsns = names.flatMap(name => namePattern.exec(name)?.[1] ?? []).map(Number)
    const damaged: { file: string; error: unknown }[] = []
    let loaded: Loaded | undefined
    for (const lsn of lsns.sort((a, b) => b - a)) {
      const state = new LogState(context)
      try {
        await this.#read(lsn, state)
        this.#lsns.unshift(lsn)
        loaded ??= { state, lsn, damaged }
      } catch (error) {
        const file = this.#path(nameOf(lsn))
        damaged.push({ file, error })
        this.#logger.error({ error, file }, 'a snapshot cannot be read')
      }
      if (loaded) break
    }
    return loaded ?? { state: new LogState(context), lsn: 0, damaged }
  }

  /**
   * Takes a snapshot of `state` as of `lsn`, the end of the log at this moment. `durable` resolves when everything below is durable:
   * not before does the snapshot count.
   */
  async take(state: LogState, lsn: number, durable: Promise<void>): Promise<void> {
    const sections = capture(state)
    await durable
    const temporary = this.#path(temporaryName)
    if (this.#disk.list(this.#directory).includes(temporaryName)) this.#disk.remove(temporary)
    const file = this.#disk.open(temporary, 'create')
    try {
      this.#lastBytes = await writeSnapshot(file, { lsn, takenAt: this.#clock.now() }, sections)
      await file.datasync()
    } finally {
      file.close()
    }
    this.#disk.rename(temporary, this.#path(nameOf(lsn)))
    await this.#disk.syncDirectory(this.#directory)
    if (this.newestLsn !== lsn) this.#lsns.push(lsn)
    this.#logger.debug({ lsn, bytes: this.#lastBytes }, 'snapshot taken')
    await this.#removeOlder()
  }

  async #removeOlder(): Promise<void> {
    const kept = new Set(this.#lsns.slice(-snapshotsKept).map(nameOf))
    this.#lsns = this.#lsns.slice(-snapshotsKept)
    const older = this.#disk.list(this.#directory).filter(name => namePattern.test(name) && !kept.has(name))
    for (const name of older) this.#disk.remove(this.#path(name))
    if (older.length > 0) await this.#disk.syncDirectory(this.#directory)
  }

  async #read(lsn: number, state: LogState): Promise<void> {
    const restore = new Restore(state)
    const file = this.#disk.open(this.#path(nameOf(lsn)), 'read')
    try {
      const header = await readSnapshot(file, section => restore.take(section))
      this.#lastBytes = file.size()
      if (header.lsn !== lsn) throw snapshotDamaged('lsn', header.lsn, `${lsn}, as the file is named`)
      restore.end()
    } finally {
      file.close()
    }
  }

  #path(name: string): string {
    return join(this.#directory, name)
  }
}

function nameOf(lsn: number): string {
  return `${String(lsn).padStart(16, '0')}.snapshot`
}
