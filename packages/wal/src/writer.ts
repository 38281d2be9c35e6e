/** Puts groups of entries on the disk, one at a time: which file, how far ahead it is written, when the next one begins. */
import type { Clock } from '@chronicle/base'
import { fileHeaderBytes } from './file-header.ts'
import type { WalLimits } from './limits.ts'
import type { LogFile, LogFiles } from './log-files.ts'

export class Writer {
  readonly #files: LogFiles
  readonly #limits: WalLimits
  readonly #clock: Clock
  readonly #zeros: Buffer
  /** Size of the file that is written to. A group below it changes no metadata, which halves the cost of its sync. */
  #fileBytes: number
  /** Monotonic time of the current file's first entry, or of the opening of the log. */
  #begunAt: number

  constructor(files: LogFiles, limits: WalLimits, clock: Clock) {
    this.#files = files
    this.#limits = limits
    this.#clock = clock
    this.#zeros = Buffer.alloc(limits.prewriteBytes)
    this.#fileBytes = files.handle(files.last).size()
    this.#begunAt = clock.monotonic() - Math.max(0, clock.now() - files.last.createdAt)
  }

  /** Writes `[fromLsn, toLsn)` and resolves when it is durable (W1). Must not be called again before that. */
  async write(pieces: Uint8Array[], fromLsn: number, toLsn: number): Promise<void> {
    const file = this.#files.last
    if (this.#isDue(file, fromLsn, toLsn)) {
      await this.#beginNext(fromLsn, pieces)
      return
    }
    if (fromLsn === file.firstLsn) this.#begunAt = this.#clock.monotonic()
    const handle = this.#files.handle(file)
    const end = file.offsetOf(toLsn)
    const ahead = this.#bytesAhead(end, toLsn - fromLsn)
    if (ahead > 0) pieces.push(this.#zeros.subarray(0, ahead))
    handle.writeSync(pieces, file.offsetOf(fromLsn))
    this.#fileBytes = Math.max(this.#fileBytes, end + ahead)
    await handle.datasync()
  }

  #isDue(file: LogFile, fromLsn: number, toLsn: number): boolean {
    if (fromLsn === file.firstLsn) return false
    const full = file.offsetOf(toLsn) > this.#limits.fileBytesMax
    return full || this.#clock.monotonic() - this.#begunAt >= this.#limits.fileAgeMsMax
  }

  async #beginNext(fromLsn: number, pieces: readonly Uint8Array[]): Promise<void> {
    const begun = await this.#files.begin(fromLsn, pieces)
    this.#begunAt = this.#clock.monotonic()
    this.#fileBytes = this.#files.handle(begun).size()
  }

  /**
   * Zeros to write behind a group that would extend the file: the groups after it then only overwrite. Large groups go
   * without: for them the zeros would cost more than the metadata.
   */
  #bytesAhead(end: number, groupBytes: number): number {
    const { prewriteBytes, fileBytesMax } = this.#limits
    if (end <= this.#fileBytes || groupBytes * 4 > prewriteBytes) return 0
    return Math.max(0, Math.min(prewriteBytes, Math.max(fileBytesMax, fileHeaderBytes) - end))
  }
}
