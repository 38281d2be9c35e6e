/**
 * The ids of one day's events, as fingerprints (PA5): a list of hash tables that are filled one after the other, so that growing copies nothing.
 *
 * A slot holds 64 bits of a fingerprint; where it is comes from 32 others. A look-up compares a handful of slots in each table. With 8 million events a day it
 * compares about 30 slots, so one look-up takes a new id for a known one with a probability below 2⁻⁵⁹, and the whole day does once in 10¹¹.
 *
 * ```text
 * written, little-endian
 * OFFSET SIZE  FIELD
 *      0    4  magic "CHI1"
 *      4   16  key of the fingerprints
 *     20    4  number of tables
 *     then each table: 4 bytes slots, 4 bytes used, then 8 bytes for each slot, 0 where it is empty
 * ```
 */
import { packerErrors } from '../errors.ts'
import { SipHash, sipKeyBytes } from './siphash.ts'

const magic = 0x31494843
const headerBytes = 24
const tableHeaderBytes = 8
const slotBytes = 8
const slotsMin = 16_384
const slotsMax = 1_048_576
const fillMax = 0.8
/** Of a day: 128 MiB of memory. Ids beyond are not remembered, so a duplicate of one of them is kept. */
export const tablesMax = 22

type Table = { readonly slots: Uint32Array; used: number }

export class IdSet {
  readonly #key: Uint8Array
  readonly #sip: SipHash
  readonly #tables: Table[]
  readonly #found = new Uint32Array(4)
  isFull = false

  /** `key` is 16 secret random bytes. */
  constructor(key: Uint8Array, tables: Table[] = []) {
    this.#key = key
    this.#sip = new SipHash(key)
    this.#tables = tables
  }

  /** Remembers an id; false where it was remembered already. */
  add(bytes: Uint8Array, from: number, end: number): boolean {
    const found = this.#fingerprint(bytes, from, end)
    const low = found[0]!
    const high = found[1]!
    const place = found[2]!
    const last = this.#tables.length - 1
    for (let at = 0; at < last; at++) if (slotOf(this.#tables[at]!, low, high, place) < 0) return false
    const table = this.#tables[last]
    const slot = table ? slotOf(table, low, high, place) : 0
    if (slot < 0) return false
    if (table && table.used < (table.slots.length / 2) * fillMax) put(table, slot, low, high)
    else this.#grow(low, high, place)
    return true
  }

  has(bytes: Uint8Array, from: number, end: number): boolean {
    const found = this.#fingerprint(bytes, from, end)
    for (const table of this.#tables) if (slotOf(table, found[0]!, found[1]!, found[2]!) < 0) return true
    return false
  }

  /** What is written, piece by piece: the tables are views, for they are most of a packer's memory. */
  *pieces(): Iterable<Uint8Array> {
    const header = Buffer.alloc(headerBytes)
    header.writeUInt32LE(magic)
    header.set(this.#key, 4)
    header.writeUInt32LE(this.#tables.length, 4 + sipKeyBytes)
    yield header
    for (const { slots, used } of this.#tables) {
      yield Buffer.from(Uint32Array.of(slots.length / 2, used).buffer)
      yield new Uint8Array(slots.buffer)
    }
  }

  /** Throws `packer.ids-damaged`. */
  static decode(encoded: Buffer): IdSet {
    if (encoded.length < headerBytes || encoded.readUInt32LE() !== magic)
      throw packerErrors.create('packer.ids-damaged')
    const tables: Table[] = []
    let at = headerBytes
    for (let left = encoded.readUInt32LE(4 + sipKeyBytes); left > 0; left--) {
      const end = at + tableHeaderBytes + (at + 4 <= encoded.length ? encoded.readUInt32LE(at) * slotBytes : slotBytes)
      if (end > encoded.length || tables.length === tablesMax) throw packerErrors.create('packer.ids-damaged')
      const bytes = Uint8Array.from(encoded.subarray(at + tableHeaderBytes, end))
      tables.push({ slots: new Uint32Array(bytes.buffer), used: encoded.readUInt32LE(at + 4) })
      at = end
    }
    return new IdSet(Uint8Array.from(encoded.subarray(4, 4 + sipKeyBytes)), tables)
  }

  #fingerprint(bytes: Uint8Array, from: number, end: number): Uint32Array {
    const found = this.#found
    this.#sip.hash(bytes, from, end, found)
    // No slot that is used is 0.
    if (found[0] === 0 && found[1] === 0) found[0] = 1
    return found
  }

  #grow(low: number, high: number, place: number): void {
    if (this.#tables.length === tablesMax) {
      this.isFull = true
      return
    }
    const slots = Math.min(slotsMax, slotsMin * 2 ** this.#tables.length)
    const table = { slots: new Uint32Array(slots * 2), used: 0 }
    this.#tables.push(table)
    put(table, slotOf(table, low, high, place), low, high)
  }
}

/** The slot of a fingerprint where it is to be put, or -1 where it is there. A table is never full: the probe ends. */
function slotOf({ slots }: Table, low: number, high: number, place: number): number {
  const mask = slots.length / 2 - 1
  for (let slot = place & mask; ; slot = (slot + 1) & mask) {
    const foundLow = slots[slot * 2]!
    const foundHigh = slots[slot * 2 + 1]!
    if (foundLow === low && foundHigh === high) return -1
    if (foundLow === 0 && foundHigh === 0) return slot
  }
}

function put(table: Table, slot: number, low: number, high: number): void {
  table.slots[slot * 2] = low
  table.slots[slot * 2 + 1] = high
  table.used++
}
