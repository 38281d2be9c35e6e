/** The files of an open log: where each position is, beginning the next file, reusing and removing the oldest. */
import { dirname, join } from 'node:path'
import { assert, type Clock } from '@chronicle/base'
import type { Disk, DiskFile } from './disk.ts'
import { encodeFileHeader, fileHeaderBytes } from './file-header.ts'
import { logFileName, spareFileName } from './file-name.ts'
import type { WalLimits } from './limits.ts'

export class LogFile {
  readonly path: string
  readonly firstLsn: number
  readonly createdAt: number
  /** Where the next file begins; unbounded in the last one. */
  endLsn = Number.MAX_SAFE_INTEGER
  handle: DiskFile | undefined
  /** Reads under way in the background: the handle stays open for them. */
  readers = 0

  constructor(path: string, firstLsn: number, createdAt: number) {
    this.path = path
    this.firstLsn = firstLsn
    this.createdAt = createdAt
  }

  /** Byte of the file that position `lsn` is at. */
  offsetOf(lsn: number): number {
    return fileHeaderBytes + lsn - this.firstLsn
  }
}

type Options = {
  readonly directory: string
  readonly disk: Disk
  readonly clock: Clock
  readonly uuid: Buffer
  readonly limits: WalLimits
}

export class LogFiles {
  readonly #options: Options
  readonly #files: LogFile[] = []
  readonly #spares: string[] = []
  /** Files that were let go while a read was under way: their handles close with the last of them. */
  readonly #leaving = new Set<LogFile>()
  #spareNumber = 0
  #openCount = 0

  constructor(options: Options) {
    this.#options = options
  }

  get count(): number {
    return this.#files.length
  }

  get startLsn(): number {
    return this.#files[0]!.firstLsn
  }

  get last(): LogFile {
    return this.#files.at(-1)!
  }

  /** Takes over a file that recovery found, in order. */
  adopt(firstLsn: number, createdAt: number): void {
    const last = this.#files.at(-1)
    if (last) last.endLsn = firstLsn
    this.#files.push(new LogFile(join(this.#options.directory, logFileName(firstLsn)), firstLsn, createdAt))
  }

  /** The file that the entry at `lsn` is in. A position where a file ends belongs to the next one. */
  find(lsn: number): LogFile {
    let low = 0
    let high = this.#files.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#files[middle]!.firstLsn <= lsn) low = middle + 1
      else high = middle
    }
    assert(low > 0, 'a position that may be read is in a file')
    return this.#files[low - 1]!
  }

  /** The file's handle, opened when it is not. */
  handle(file: LogFile): DiskFile {
    if (file.handle) return file.handle
    file.handle = this.#options.disk.open(file.path, file === this.last ? 'write' : 'read')
    this.#openCount++
    if (this.#openCount > this.#options.limits.openFilesMax) this.#closeIdle(file)
    return file.handle
  }

  /** A read in the background begins; pair with {@link release}. */
  pin(file: LogFile): void {
    file.readers++
  }

  release(file: LogFile): void {
    file.readers--
    if (file.readers === 0 && this.#leaving.delete(file)) this.#close(file)
  }

  /**
   * Begins the next file with `pieces` as its first group. It gets its name only when header and group are on the disk,
   * and counts only when the name is (W3): a crash at any instant leaves either nothing or a whole file.
   */
  async begin(firstLsn: number, pieces: readonly Uint8Array[]): Promise<LogFile> {
    const { directory, disk, clock, uuid } = this.#options
    const previous = this.#files.at(-1)
    const path = join(directory, logFileName(firstLsn))
    const file = new LogFile(path, firstLsn, clock.now())
    const header = encodeFileHeader({ uuid, firstLsn, previousLsn: previous?.firstLsn, createdAt: file.createdAt })
    const spare = this.#spares.pop()
    const makingPath = spare ?? this.#newSparePath()
    const handle = disk.open(makingPath, spare ? 'write' : 'create')
    try {
      handle.writeSync([header, ...pieces], 0)
      await handle.datasync()
      disk.rename(makingPath, path)
      await disk.syncDirectory(directory)
      if (!previous) await disk.syncDirectory(dirname(directory))
    } catch (error) {
      handle.close()
      throw error
    }
    file.handle = handle
    this.#openCount++
    if (previous) this.#end(previous, firstLsn)
    this.#files.push(file)
    return file
  }

  /** Gives back what the file holds beyond its entries. If the disk does not keep this, recovery does not mind. */
  #end(file: LogFile, endLsn: number): void {
    // While it is still the last one its handle is one to write with.
    const handle = this.handle(file)
    file.endLsn = endLsn
    if (handle.size() > file.offsetOf(endLsn)) handle.truncate(file.offsetOf(endLsn))
  }

  /** Removes or sets aside the oldest file. Resolves when its going is durable: only then may the next one go (W5). */
  async dropOldest(): Promise<void> {
    const { disk, directory, limits } = this.#options
    assert(this.#files.length > 1, 'the last file stays')
    const oldest = this.#files[0]!
    const spare = oldest.readers === 0 && this.#spares.length < limits.sparesMax ? this.#newSparePath() : undefined
    if (spare) disk.rename(oldest.path, spare)
    else disk.remove(oldest.path)
    this.#files.shift()
    this.#leave(oldest)
    await disk.syncDirectory(directory)
    // Not before: written to while a crash could still bring its old name back, it would pass for a damaged file.
    if (spare) this.#spares.push(spare)
  }

  /** Closes all handles; those that are being read from close with the last read. */
  closeAll(): void {
    for (const file of this.#files) this.#leave(file)
  }

  #newSparePath(): string {
    return join(this.#options.directory, spareFileName(this.#spareNumber++))
  }

  #leave(file: LogFile): void {
    if (file.readers > 0) this.#leaving.add(file)
    else this.#close(file)
  }

  #close(file: LogFile): void {
    if (!file.handle) return
    file.handle.close()
    file.handle = undefined
    this.#openCount--
  }

  #closeIdle(keep: LogFile): void {
    const idle = this.#files.find(file => file.handle && file.readers === 0 && file !== keep && file !== this.last)
    if (idle) this.#close(idle)
  }
}
