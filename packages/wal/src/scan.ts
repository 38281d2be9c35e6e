/** Reads entries one after the other from a file: what recovery and fsck see the log through. */
import { crc32c } from '@chronicle/base'
import type { DiskFile } from './disk.ts'
import {
  entryBytes,
  entryFormatVersion,
  entryHeaderBytes,
  entryKind,
  entryPayloadCrc,
  entryPayloadLength,
  entryPayloadStart,
  entryUnsynced,
  entryVersion,
  isEntryHeader,
  ownKinds,
} from './entry.ts'
import { fileHeaderBytes } from './file-header.ts'

/** Small enough to stay in the processor's cache between the read and the CRC. */
const blockBytes = 512 * 1024

export type ScannedFile = { readonly file: DiskFile; readonly firstLsn: number; readonly salt: number }

/**
 * Called with the bytes that an entry is in and where its header is, and with its payload where that was verified; valid
 * during the call.
 */
export type EntryVisitor = (lsn: number, bytes: Buffer, header: number, payload: Buffer | undefined) => void

export type ScanEnd = {
  /** Where the run of whole entries ends. */
  readonly lsn: number
  /** An entry that starts there is whole but of a version that this program does not know. */
  readonly newer: boolean
}

/**
 * Visits whole entries from `fromLsn` until one is not, or the next would pass `boundLsn`. Payloads of entries from
 * `verifyFromLsn` on are verified, those before by their headers alone.
 */
export function scanEntries(
  source: ScannedFile,
  fromLsn: number,
  boundLsn: number,
  verifyFromLsn: number,
  visit: EntryVisitor,
): ScanEnd {
  const window = new Window(source, boundLsn)
  let lsn = fromLsn
  while (lsn < boundLsn) {
    if (!window.cover(lsn, entryHeaderBytes)) break
    if (!isEntryHeader(window.bytes, window.at(lsn), source.salt, lsn)) break
    const bytes = entryBytes(entryPayloadLength(window.bytes, window.at(lsn)))
    if (lsn + bytes > boundLsn) break
    const verified = lsn >= verifyFromLsn
    // A payload that is not verified is skipped unread, unless it is in the window anyway.
    if (verified ? !window.cover(lsn, bytes) : !window.reaches(lsn + bytes)) break
    const header = window.at(lsn)
    if (entryFormatVersion(window.bytes, header) !== entryVersion) return { lsn, newer: true }
    const payload = verified ? payloadOf(window.bytes, header) : undefined
    if (payload && !isWhole(window.bytes, header, payload)) break
    visit(lsn, window.bytes, header, payload)
    lsn += bytes
  }
  return { lsn, newer: false }
}

/** True when the payload is the one that the header was made for. */
export function payloadIsWhole(bytes: Buffer, header: number): boolean {
  return isWhole(bytes, header, payloadOf(bytes, header))
}

function payloadOf(bytes: Buffer, header: number): Buffer {
  const start = entryPayloadStart(header)
  return bytes.subarray(start, start + entryPayloadLength(bytes, header))
}

function isWhole(bytes: Buffer, header: number, payload: Buffer): boolean {
  // What a pad covers is whatever was there.
  return crc32c(payload) === entryPayloadCrc(bytes, header) || entryKind(bytes, header) === ownKinds.pad
}

export type LaterEntries = {
  /** The largest position that an entry found at or after the stop proves to have been durable. */
  readonly durableLsn: number
  /** End of the furthest of them. */
  readonly endLsn: number
  /** The first whole one after the stop. */
  readonly nextLsn: number | undefined
}

/**
 * Looks behind `stopLsn` for headers of entries, at every multiple of 8, by their own position and CRC; with
 * `untilWhole`, no further than to the first entry that is whole.
 */
export function findLaterEntries(
  source: ScannedFile,
  stopLsn: number,
  boundLsn: number,
  untilWhole: boolean,
): LaterEntries {
  const window = new Window(source, boundLsn)
  let durableLsn = 0
  let endLsn = stopLsn
  for (let lsn = stopLsn; window.cover(lsn, entryHeaderBytes); ) {
    const found = window.seek(lsn)
    if (found === undefined) {
      lsn = window.lastHeaderLsn + 8
      continue
    }
    const header = window.at(found)
    const next = found + entryBytes(entryPayloadLength(window.bytes, header))
    durableLsn = Math.max(durableLsn, found - entryUnsynced(window.bytes, header))
    endLsn = next
    if (untilWhole && found > stopLsn && window.cover(found, next - found)) {
      if (payloadIsWhole(window.bytes, window.at(found))) return { durableLsn, endLsn, nextLsn: found }
    }
    // A whole header's length can be relied upon even where the payload is torn.
    lsn = next
  }
  return { durableLsn, endLsn, nextLsn: undefined }
}

/** A stretch of the file in memory that moves forward. */
class Window {
  bytes = Buffer.allocUnsafeSlow(blockBytes)
  readonly #source: ScannedFile
  readonly #boundLsn: number
  #startLsn = 0
  #length = 0

  constructor(source: ScannedFile, boundLsn: number) {
    this.#source = source
    this.#boundLsn = Math.min(boundLsn, source.firstLsn + Math.max(0, source.file.size() - fileHeaderBytes))
  }

  /** Index of `lsn` in `bytes`. */
  at(lsn: number): number {
    return lsn - this.#startLsn
  }

  /** Position of the last header that the window holds in full. */
  get lastHeaderLsn(): number {
    return this.#startLsn + ((this.#length - entryHeaderBytes) & ~7)
  }

  reaches(lsn: number): boolean {
    return lsn <= this.#boundLsn
  }

  /** Makes `bytes` hold `length` bytes from `lsn` on; false when the file ends before. */
  cover(lsn: number, length: number): boolean {
    if (lsn >= this.#startLsn && lsn + length <= this.#startLsn + this.#length) return true
    if (lsn + length > this.#boundLsn) return false
    this.#moveTo(lsn, length)
    const wanted = Math.min(this.bytes.length, this.#boundLsn - lsn)
    const position = fileHeaderBytes + lsn - this.#source.firstLsn
    while (this.#length < wanted) {
      const count = this.#source.file.readSync(this.bytes, this.#length, wanted - this.#length, position + this.#length)
      if (count === 0) break
      this.#length += count
    }
    return this.#length >= length
  }

  /** Finds the first header of an entry in the window from `lsn` on. */
  seek(lsn: number): number | undefined {
    const { salt } = this.#source
    for (let found = lsn; found <= this.lastHeaderLsn; found += 8) {
      if (isEntryHeader(this.bytes, found - this.#startLsn, salt, found)) return found
    }
    return undefined
  }

  /** Starts the window at `lsn`, with room for `length` bytes, keeping what it already holds from there on. */
  #moveTo(lsn: number, length: number): void {
    const from = lsn - this.#startLsn
    const kept = from >= 0 && from < this.#length ? this.#length - from : 0
    const target = length > this.bytes.length ? Buffer.allocUnsafeSlow(length) : this.bytes
    if (kept > 0) this.bytes.copy(target, 0, from, from + kept)
    this.bytes = target
    this.#startLsn = lsn
    this.#length = kept
  }
}
