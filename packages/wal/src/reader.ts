/** Reads entries from files, into buffers that are used again. */
import { assert, type Clock, messageOf } from '@chronicle/base'
import type { Slice } from './contract.ts'
import {
  entryBytes,
  entryFormatVersion,
  entryHeaderBytes,
  entryPayloadLength,
  entryStream,
  entryVersion,
  isEntryHeader,
} from './entry.ts'
import { walErrors } from './errors.ts'
import type { WalLimits } from './limits.ts'
import type { LogFile, LogFiles } from './log-files.ts'
import { payloadIsWhole } from './scan.ts'

type Wanted = {
  readonly lsn: number
  /** Nothing of the file is read from here on: the next file begins here, or it is not durable. */
  readonly limitLsn: number
  readonly bytesMax: number
  readonly stream: number | undefined
}

export class Reader {
  readonly #files: LogFiles
  readonly #limits: WalLimits
  readonly #clock: Clock
  readonly #salt: number
  readonly #pool: Buffer[] = []
  /** Entries below were not in the page cache when last asked for. */
  #coldBelowLsn = 0

  constructor(files: LogFiles, limits: WalLimits, clock: Clock, salt: number) {
    this.#files = files
    this.#limits = limits
    this.#clock = clock
    this.#salt = salt
  }

  /**
   * Whole entries from `lsn` on. Recent ones are read synchronously: the kernel still holds what was written or replayed a
   * moment ago, and such a read costs less than its way through the pool. The first one that turns out slow moves
   * the line: what is older than it goes through the pool from then on.
   */
  read(lsn: number, bytesMax: number, stream: number | undefined, durableLsn: number): Slice | Promise<Slice> {
    const file = this.#files.find(lsn)
    const wanted = { lsn, limitLsn: Math.min(file.endLsn, durableLsn), bytesMax, stream }
    const warm = lsn >= durableLsn - this.#limits.warmBytesMax && lsn >= this.#coldBelowLsn
    return warm ? this.#readWarm(file, wanted) : this.#readCold(file, wanted)
  }

  #readWarm(file: LogFile, wanted: Wanted): Slice {
    const startedAt = this.#clock.monotonic()
    const handle = this.#handle(file, wanted)
    let length = this.#firstLength(wanted)
    for (;;) {
      const bytes = this.#takeBuffer(length)
      let filled = 0
      try {
        for (let count = -1; filled < length && count !== 0; filled += count) {
          count = handle.readSync(bytes, filled, length - filled, file.offsetOf(wanted.lsn) + filled)
        }
      } catch (error) {
        throw readFailed(file, wanted, error)
      }
      const parsed = this.#parse(file, wanted, bytes, filled)
      if (typeof parsed !== 'number') {
        const tookMs = this.#clock.monotonic() - startedAt
        if (tookMs > this.#limits.warmReadMsMax) this.#coldBelowLsn = parsed.lsn + parsed.end
        return parsed
      }
      length = parsed
    }
  }

  async #readCold(file: LogFile, wanted: Wanted): Promise<Slice> {
    const handle = this.#handle(file, wanted)
    this.#files.pin(file)
    try {
      let length = this.#firstLength(wanted)
      for (;;) {
        const bytes = this.#takeBuffer(length)
        let filled = 0
        for (let count = -1; filled < length && count !== 0; filled += count) {
          count = await handle.read(bytes, filled, length - filled, file.offsetOf(wanted.lsn) + filled)
        }
        const parsed = this.#parse(file, wanted, bytes, filled)
        if (typeof parsed !== 'number') return parsed
        length = parsed
      }
    } catch (error) {
      throw walErrors.is(error) ? error : readFailed(file, wanted, error)
    } finally {
      this.#files.release(file)
    }
  }

  #handle(file: LogFile, wanted: Wanted) {
    try {
      return this.#files.handle(file)
    } catch (error) {
      throw readFailed(file, wanted, error)
    }
  }

  #firstLength({ lsn, limitLsn, bytesMax }: Wanted): number {
    const { sliceBytesMax } = this.#limits
    return Math.min(limitLsn - lsn, sliceBytesMax, Math.max(bytesMax, entryHeaderBytes))
  }

  /** The whole entries among `bytes[0, filled)`; the length to read instead when not even the first one is whole. */
  #parse(file: LogFile, wanted: Wanted, bytes: Buffer, filled: number): Slice | number {
    const { lsn, limitLsn, bytesMax, stream } = wanted
    let end = 0
    while (end + entryHeaderBytes <= filled) {
      const next = this.#headerIsWhole(bytes, end, lsn) ? end + entryBytes(entryPayloadLength(bytes, end)) : 0
      if (next > filled && lsn + next <= limitLsn && end === 0 && filled >= this.#firstLength(wanted)) {
        this.#giveBuffer(bytes)
        return next
      }
      if (next === 0 || next > filled) break
      if (end > 0 && next > bytesMax) break
      if ((stream === undefined || entryStream(bytes, end) === stream) && !payloadIsWhole(bytes, end)) break
      end = next
    }
    if (end > 0) return new FileSlice(bytes, end, lsn, this.#giveBuffer)
    this.#giveBuffer(bytes)
    throw walErrors.create('wal.damaged', { file: file.path, offset: file.offsetOf(lsn), lsn, part: 'entry' })
  }

  #headerIsWhole(bytes: Buffer, header: number, lsn: number): boolean {
    return isEntryHeader(bytes, header, this.#salt, lsn + header) && entryFormatVersion(bytes, header) === entryVersion
  }

  #takeBuffer(length: number): Buffer {
    if (length > this.#limits.sliceBytesMax) return Buffer.allocUnsafeSlow(length)
    return this.#pool.pop() ?? Buffer.allocUnsafeSlow(this.#limits.sliceBytesMax)
  }

  readonly #giveBuffer = (bytes: Buffer): void => {
    const { sliceBytesMax, slicesPooledMax } = this.#limits
    if (bytes.length === sliceBytesMax && this.#pool.length < slicesPooledMax) this.#pool.push(bytes)
  }
}

function readFailed(file: LogFile, { lsn }: Wanted, error: unknown): Error {
  const details = { file: file.path, offset: file.offsetOf(lsn), lsn, cause: messageOf(error) }
  return walErrors.create('wal.read-failed', details, error)
}

class FileSlice implements Slice {
  readonly bytes: Buffer
  readonly start = 0
  readonly end: number
  readonly lsn: number
  #give: ((bytes: Buffer) => void) | undefined

  constructor(bytes: Buffer, end: number, lsn: number, give: (bytes: Buffer) => void) {
    this.bytes = bytes
    this.end = end
    this.lsn = lsn
    this.#give = give
  }

  release(): void {
    assert(this.#give, 'a slice is released once')
    this.#give(this.bytes)
    this.#give = undefined
  }
}
