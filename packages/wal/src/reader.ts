/** Reads entries from files, into memory that is used again. */
import { assert, type Clock, messageOf } from '@chronicle/base'
import type { Slice } from './contract.ts'
import type { DiskFile } from './disk.ts'
import {
  entryBytes,
  entryFormatVersion,
  entryHeaderBytes,
  entryKind,
  entryPayloadLength,
  entryStream,
  entryVersion,
  isEntryHeader,
  lostEntry,
  padEntryBytesMax,
} from './entry.ts'
import { walErrors } from './errors.ts'
import type { WalLimits } from './limits.ts'
import type { LogFile, LogFiles } from './log-files.ts'
import { payloadIsWhole } from './scan.ts'
import { Slabs, type Space } from './slabs.ts'

type Wanted = {
  readonly lsn: number
  /** Nothing of the file is read from here on: the next file begins here, or it is not durable. */
  readonly limitLsn: number
  readonly durableLsn: number
  readonly bytesMax: number
  readonly stream: number | undefined
}

/** What `#parse` answers where the entry that is wanted was lost and repaired: the position behind it. */
class Lost {
  readonly endLsn: number

  constructor(endLsn: number) {
    this.endLsn = endLsn
  }
}

const noBytes = Buffer.alloc(0)

/** A slice with nothing in it. */
export function emptySlice(lsn: number): Slice {
  return { bytes: noBytes, start: 0, end: 0, lsn, release() {} }
}

export class Reader {
  readonly #files: LogFiles
  readonly #limits: WalLimits
  readonly #clock: Clock
  readonly #salt: number
  readonly #slabs: Slabs
  /** Entries below were not in the page cache when last asked for. */
  #coldBelowLsn = 0

  constructor(files: LogFiles, limits: WalLimits, clock: Clock, salt: number) {
    this.#files = files
    this.#limits = limits
    this.#clock = clock
    this.#salt = salt
    this.#slabs = new Slabs(limits.sliceBytesMax, limits.slicesPooledMax)
  }

  /**
   * Whole entries from `lsn` on. Recent ones are read synchronously: the kernel still holds what was written or replayed a
   * moment ago, and such a read costs less than its way through the pool. The first one that turns out slow moves
   * the line: what is older than it goes through the pool from then on, until a read there turns out quick.
   */
  read(lsn: number, bytesMax: number, stream: number | undefined, durableLsn: number): Slice | Promise<Slice> {
    const file = this.#files.find(lsn)
    const wanted = { lsn, limitLsn: Math.min(file.endLsn, durableLsn), durableLsn, bytesMax, stream }
    const warm = lsn >= durableLsn - this.#limits.warmBytesMax && lsn >= this.#coldBelowLsn
    return warm ? this.#readWarm(file, wanted) : this.#readCold(file, wanted)
  }

  /** Goes on behind a loss: positions only grow, so this ends. */
  #readBehind({ endLsn }: Lost, { durableLsn, bytesMax, stream }: Wanted): Slice | Promise<Slice> {
    return endLsn === durableLsn ? emptySlice(endLsn) : this.read(endLsn, bytesMax, stream, durableLsn)
  }

  #readWarm(file: LogFile, wanted: Wanted): Slice | Promise<Slice> {
    const startedAt = this.#clock.monotonic()
    const handle = this.#handle(file, wanted)
    let length = this.#firstLength(wanted)
    for (;;) {
      const space = this.#slabs.take(length)
      const { bytes } = space.slab
      let filled = 0
      try {
        for (let count = -1; filled < length && count !== 0; filled += count) {
          const position = file.offsetOf(wanted.lsn) + filled
          count = handle.readSync(bytes, space.start + filled, length - filled, position)
        }
      } catch (error) {
        this.#slabs.give(space)
        throw readFailed(file, wanted, error)
      }
      const parsed = this.#parse(file, handle, wanted, space, filled)
      if (parsed instanceof Lost) return this.#readBehind(parsed, wanted)
      if (typeof parsed !== 'number') {
        const tookMs = this.#clock.monotonic() - startedAt
        if (tookMs > this.#limits.warmReadMsMax) this.#coldBelowLsn = parsed.lsn + parsed.end - parsed.start
        return parsed
      }
      length = parsed
    }
  }

  async #readCold(file: LogFile, wanted: Wanted): Promise<Slice> {
    const handle = this.#handle(file, wanted)
    this.#files.pin(file)
    const startedAt = this.#clock.monotonic()
    try {
      let length = this.#firstLength(wanted)
      for (;;) {
        const space = this.#slabs.take(length)
        const filled = await this.#fill(handle, file.offsetOf(wanted.lsn), space)
        const parsed = this.#parse(file, handle, wanted, space, filled)
        if (parsed instanceof Lost) return await this.#readBehind(parsed, wanted)
        if (typeof parsed !== 'number') {
          // Quick even by way of the pool: whatever was slow (the disk, or this process not being run) has passed.
          const tookMs = this.#clock.monotonic() - startedAt
          if (tookMs * 2 <= this.#limits.warmReadMsMax) this.#coldBelowLsn = Math.min(this.#coldBelowLsn, wanted.lsn)
          return parsed
        }
        length = parsed
      }
    } catch (error) {
      throw walErrors.is(error) ? error : readFailed(file, wanted, error)
    } finally {
      this.#files.release(file)
    }
  }

  /** Returns how many bytes there were; gives `space` back where reading fails. */
  async #fill(handle: DiskFile, position: number, space: Space): Promise<number> {
    const { slab, start, end } = space
    let at = start
    try {
      for (let count = -1; at < end && count !== 0; at += count) {
        count = await handle.read(slab.bytes, at, end - at, position + at - start)
      }
    } catch (error) {
      this.#slabs.give(space)
      throw error
    }
    return at - start
  }

  #handle(file: LogFile, wanted: Wanted): DiskFile {
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

  /** The whole entries among the first `filled` bytes of `space`; the length to read instead when not even the first one is whole. */
  #parse(file: LogFile, handle: DiskFile, wanted: Wanted, space: Space, filled: number): Slice | Lost | number {
    const { lsn, limitLsn, bytesMax, stream } = wanted
    const { start, slab } = space
    const { bytes } = slab
    const stop = start + filled
    let end = start
    while (end + entryHeaderBytes <= stop) {
      const whole = this.#headerIsWhole(bytes, end, lsn + end - start)
      const next = whole ? end + entryBytes(entryPayloadLength(bytes, end)) : 0
      const isFirst = end === start
      if (isFirst && next > stop && lsn + next - start <= limitLsn && filled >= this.#firstLength(wanted)) {
        this.#slabs.give(space)
        return next - start
      }
      if (next === 0 || next > stop) break
      if (!isFirst && next - start > bytesMax) break
      if ((stream === undefined || entryStream(bytes, end) === stream) && !payloadIsWhole(bytes, end)) break
      end = next
    }
    if (end > start) {
      this.#slabs.shorten(space, end)
      return new FileSlice(this.#slabs, space, end, lsn)
    }
    this.#slabs.give(space)
    const lost = this.#lostAround(file, handle, wanted)
    if (lost) return lost
    throw walErrors.create('wal.damaged', { file: file.path, offset: file.offsetOf(lsn), lsn, part: 'entry' })
  }

  /**
   * Looks before `lsn` for the pad that covers it. Remains of what was lost may lie in between; only a pad that reaches over
   * `lsn` counts, and none can be further away than the largest is long. W11
   */
  #lostAround(file: LogFile, handle: DiskFile, wanted: Wanted): Lost | undefined {
    const { lsn, limitLsn } = wanted
    const fromLsn = Math.max(file.firstLsn, lsn - padEntryBytesMax)
    const bytes = Buffer.allocUnsafe(lsn - fromLsn + entryHeaderBytes)
    let filled = 0
    try {
      for (let count = -1; filled < bytes.length && count !== 0; filled += count) {
        count = handle.readSync(bytes, filled, bytes.length - filled, file.offsetOf(fromLsn) + filled)
      }
    } catch (error) {
      throw readFailed(file, wanted, error)
    }
    for (let at = Math.min(lsn - 8, fromLsn + filled - entryHeaderBytes); at >= fromLsn; at -= 8) {
      const header = at - fromLsn
      if (!this.#headerIsWhole(bytes, header, at) || entryKind(bytes, header) !== lostEntry) continue
      const endLsn = at + entryBytes(entryPayloadLength(bytes, header))
      if (endLsn > lsn && endLsn <= limitLsn) return new Lost(endLsn)
    }
    return undefined
  }

  #headerIsWhole(bytes: Buffer, header: number, lsn: number): boolean {
    return isEntryHeader(bytes, header, this.#salt, lsn) && entryFormatVersion(bytes, header) === entryVersion
  }
}

function readFailed(file: LogFile, { lsn }: Wanted, error: unknown): Error {
  const details = { file: file.path, offset: file.offsetOf(lsn), lsn, cause: messageOf(error) }
  return walErrors.create('wal.read-failed', details, error)
}

class FileSlice implements Slice {
  readonly bytes: Buffer
  readonly start: number
  readonly end: number
  readonly lsn: number
  readonly #slabs: Slabs
  #space: Space | undefined

  constructor(slabs: Slabs, space: Space, end: number, lsn: number) {
    this.#slabs = slabs
    this.#space = space
    this.bytes = space.slab.bytes
    this.start = space.start
    this.end = end
    this.lsn = lsn
  }

  release(): void {
    assert(this.#space, 'a slice is released once')
    this.#slabs.give(this.#space)
    this.#space = undefined
  }
}
