/** Watches the room that is left on the file system, while the log is written to. */
import { type Clock, messageOf } from '@chronicle/base'
import type { Logger } from '@chronicle/telemetry'
import type { Disk } from './disk.ts'
import type { WalLimits } from './limits.ts'

type Options = {
  readonly directory: string
  readonly disk: Disk
  readonly clock: Clock
  readonly limits: WalLimits
  readonly logger: Logger
}

export class Space {
  /** Bytes free when last looked at. */
  freeBytes = Number.POSITIVE_INFINITY
  readonly #options: Options
  readonly #onChange: () => void
  #checking = false
  #stopped = false
  #checkedAt = 0
  #bytesSince = 0

  constructor(options: Options, onChange: () => void) {
    this.#options = options
    this.#onChange = onChange
  }

  /** Appends are refused while this is true (W10). */
  get low(): boolean {
    return this.freeBytes < this.#options.limits.freeBytesMin
  }

  /** Half of the room that is kept is for entries that let space be given back; this is true when that is used up, too. */
  get exhausted(): boolean {
    return this.freeBytes < this.#options.limits.freeBytesMin / 2
  }

  /** After each group: looks again when enough time or bytes have gone by. */
  noteWritten(bytes: number): void {
    const { limits, clock } = this.#options
    this.#bytesSince += bytes
    const due = this.#bytesSince >= limits.freeCheckBytes || clock.monotonic() - this.#checkedAt >= limits.freeCheckMs
    if (due && !this.#checking) void this.check()
  }

  /** Never rejects: when the disk cannot be asked, what was known stays. */
  async check(): Promise<void> {
    const { directory, disk, clock, limits, logger } = this.#options
    this.#checking = true
    this.#checkedAt = clock.monotonic()
    this.#bytesSince = 0
    const wasLow = this.low
    try {
      this.freeBytes = await disk.freeBytes(directory)
    } catch (error) {
      logger.warn({ directory, error: messageOf(error) }, 'free space could not be read')
    }
    this.#checking = false
    if (this.#stopped) return
    if (this.low !== wasLow) {
      const facts = { directory, freeBytes: this.freeBytes, freeBytesMin: limits.freeBytesMin }
      if (this.low) logger.error(facts, 'disk nearly full: appends are refused until space is freed')
      else logger.info(facts, 'disk has space again: appends are accepted')
      this.#onChange()
    }
    // Nothing is written while space is low, so nothing else would look again.
    if (this.low) clock.after(limits.freeCheckMs, () => this.#stopped || void this.check())
  }

  stop(): void {
    this.#stopped = true
  }
}
