/**
 * Goes through the records of a ring from a position on, block by block, over whatever damage there is. Every step goes forward by 8 bytes or
 * more, and one slice looks at a bounded number of bytes: nothing that stands in the file can make it loop (PR4).
 */
import { crc32c, crc32cRange } from '@chronicle/base'
import { type RingDamage, type RingKind, type RingRecord, type RingSlice, ringKinds } from './contract.ts'
import type { RingFile } from './file.ts'
import {
  isRecordHeader,
  payloadBytesMax,
  recordBytes,
  recordHeaderBytes,
  recordKind,
  recordLength,
  recordPayloadCrc,
  recordSequence,
  wrapKind,
} from './layout.ts'

/** The buffer that is used again and again; one record that is larger gets a buffer of its own for its slice. */
export const blockBytesMax = 4 * 1024 * 1024
/** A wrap marker at the end of the area and nothing before it: the slice goes on with the next block. */
const blocksMax = 3
const crcTableBytesMax = 96

const kindNames = new Map<number, RingKind>(
  Object.entries(ringKinds).map(([name, kind]) => [kind, name as RingKind] as const),
)

type Found = { readonly records: RingRecord[]; readonly damage: RingDamage[] }

/** What stands at a place, and how many bytes it takes; 0 where nothing says where the next record begins. */
type Finding =
  | { readonly what: 'record'; readonly step: number; readonly kind: RingKind }
  | { readonly what: 'wrap marker'; readonly step: number }
  | { readonly what: 'damage'; readonly step: number; readonly reason: string }

export class RingWalk {
  readonly #file: RingFile
  readonly #capacityBytes: number
  #buffer: Buffer = Buffer.alloc(0)

  constructor(file: RingFile) {
    this.#file = file
    this.#capacityBytes = file.header.capacityBytes
  }

  /** Whole records and damage in [from, limit), about `bytesMax` of them and at least one. `next` is `from` only if that is `limit`. */
  slice(from: number, limit: number, bytesMax: number): RingSlice {
    const found: Found = { records: [], damage: [] }
    let next = from
    for (let blocks = 0; blocks < blocksMax && next < limit; blocks++) {
      next = this.#block(next, limit, bytesMax, found)
      if (found.records.length > 0 || found.damage.length > 0) break
    }
    return { ...found, next }
  }

  /** One block; returns how far it came. */
  #block(from: number, limit: number, bytesMax: number, found: Found): number {
    const areaEnd = from + this.#capacityBytes - (from % this.#capacityBytes)
    const end = Math.min(limit, areaEnd)
    let block = this.#load(from, Math.min(end - from, Math.max(bytesMax, recordHeaderBytes)))
    let at = 0
    let isSecondLook = false
    while (at < end - from) {
      if (areaEnd - (from + at) < recordHeaderBytes) return end
      const isCut = from + block.length < end
      if (isCut && block.length - at < recordHeaderBytes) break
      const finding = this.#look(block, at, from + at, end, areaEnd)
      if (finding.what === 'record' && finding.step > block.length - at) {
        if (at > 0) break
        block = this.#load(from, finding.step)
        continue
      }
      if (finding.what === 'damage' && !isSecondLook) {
        // Damage is judged on the second look only: whatever order a machine's memory has shown the first one in.
        isSecondLook = true
        this.#file.readArea(block, at, block.length - at, from + at)
        continue
      }
      const step = finding.step || this.#skip(block, at, from, isCut) - at
      if (finding.what === 'record') found.records.push(recordOf(block, at, from + at, finding.kind))
      if (finding.what === 'damage') addDamage(found.damage, from + at, from + at + step, finding.reason)
      at += step
    }
    return from + at
  }

  #look(block: Buffer, at: number, position: number, end: number, areaEnd: number): Finding {
    if (end - position < recordHeaderBytes) return damage('too short for a record', end - position)
    if (!isRecordHeader(block, at, position, this.#file.salt)) return damage('not the header of a record')
    const length = recordLength(block, at)
    if (recordKind(block, at) === wrapKind) {
      const fits = end === areaEnd && length === areaEnd - position - recordHeaderBytes
      return fits ? { what: 'wrap marker', step: areaEnd - position } : damage('a wrap marker of the wrong length')
    }
    const step = recordBytes(length)
    if (length > payloadBytesMax(this.#capacityBytes) || step > end - position) {
      return damage('a record longer than there is room')
    }
    const kind = kindNames.get(recordKind(block, at))
    if (kind === undefined) return damage(`a record of kind ${recordKind(block, at)}, which is not known`, step)
    if (step <= block.length - at && payloadCrc(block, at, length) !== recordPayloadCrc(block, at)) {
      return damage('the checksum of the payload is wrong', step)
    }
    return { what: 'record', step, kind }
  }

  /** The next place in the block that is the header of a record, or where the next block has to look on. */
  #skip(block: Buffer, at: number, from: number, isCut: boolean): number {
    let place = at + 8
    for (; place + recordHeaderBytes <= block.length; place += 8) {
      if (isRecordHeader(block, place, from + place, this.#file.salt)) return place
    }
    return isCut ? place : block.length
  }

  #load(position: number, length: number): Buffer {
    if (length > this.#buffer.length && length <= blockBytesMax) this.#buffer = Buffer.allocUnsafeSlow(length)
    const block = length <= this.#buffer.length ? this.#buffer.subarray(0, length) : Buffer.allocUnsafeSlow(length)
    this.#file.readArea(block, 0, length, position)
    return block
  }
}

function damage(reason: string, step = 0): Finding {
  return { what: 'damage', step, reason }
}

function payloadCrc(block: Buffer, at: number, length: number): number {
  const start = at + recordHeaderBytes
  if (length < crcTableBytesMax) return crc32cRange(block, start, start + length)
  return crc32c(block.subarray(start, start + length))
}

function recordOf(block: Buffer, at: number, position: number, kind: RingKind): RingRecord {
  const start = at + recordHeaderBytes
  const length = recordLength(block, at)
  return {
    kind,
    position,
    next: position + recordBytes(length),
    sequence: recordSequence(block, at),
    payload: block.subarray(start, start + length),
  }
}

/** Damage that continues what was there is one. */
function addDamage(all: RingDamage[], position: number, next: number, reason: string): void {
  const last = all.at(-1)
  if (last?.next === position && last.reason === reason) all[all.length - 1] = { ...last, next }
  else all.push({ position, next, reason })
}
