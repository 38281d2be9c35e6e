/**
 * The ids of one day's events, as fingerprints (PA5): a list of hash tables that are filled one after the other, so that growing copies nothing.
 *
 * A slot holds 64 bits of a fingerprint; where it is comes from 32 others. A new id is taken for a known one if any slot on its way through a table has its 64
 * bits: some 50 slots of a full table, whether its filter spares the look or not. With 8 million events a day those are 450 slots at most, so one look-up is
 * wrong with a probability below 2⁻⁵⁵, and a whole day loses an event once in 10⁹.
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
import { assert } from '@chronicle/base'
import { type Fingerprint, IdTable } from './id-table.ts'
import { SipHash, sipKeyBytes } from './siphash.ts'

export const idsMagic = 0x31494843
export const idsHeaderBytes = 24
assert(4 + sipKeyBytes + 4 === idsHeaderBytes, 'the header of written ids is 24 bytes')
export const slotsMin = 16_384
export const slotsMax = 1_048_576
/** Of a day: 153 MiB of memory with the filters. Ids beyond are not remembered, so a duplicate of one of them is kept. */
export const tablesMax = 22

export class IdSet {
  readonly #key: Uint8Array
  readonly #sip: SipHash
  /** All closed but the last. */
  readonly #tables: IdTable[]
  readonly #hash = new Uint32Array(4)
  readonly #found: Fingerprint = { low: 0, high: 0, place: 0 }
  isFull = false

  /** `key` is 16 secret random bytes. */
  constructor(key: Uint8Array, tables: IdTable[] = []) {
    this.#key = key
    this.#sip = new SipHash(key)
    this.#tables = tables
  }

  /** Remembers an id; false where it was remembered already. */
  add(bytes: Uint8Array, from: number, end: number): boolean {
    const found = this.#fingerprint(bytes, from, end)
    const last = this.#tables.length - 1
    for (let at = 0; at < last; at++) if (this.#tables[at]!.has(found)) return false
    const table = this.#tables[last]
    const slot = table ? table.slotOf(found) : 0
    if (slot < 0) return false
    if (table && !table.isFull) table.put(slot, found)
    else this.#grow(found)
    return true
  }

  has(bytes: Uint8Array, from: number, end: number): boolean {
    const found = this.#fingerprint(bytes, from, end)
    for (const table of this.#tables) if (table.has(found)) return true
    return false
  }

  /** What is written, piece by piece: the tables are views, for they are most of a packer's memory. */
  *pieces(): Iterable<Uint8Array> {
    const header = Buffer.alloc(idsHeaderBytes)
    header.writeUInt32LE(idsMagic)
    header.set(this.#key, 4)
    header.writeUInt32LE(this.#tables.length, 4 + sipKeyBytes)
    yield header
    for (const { slots, used } of this.#tables) {
      yield Buffer.from(Uint32Array.of(slots.length / 2, used).buffer)
      yield new Uint8Array(slots.buffer)
    }
  }

  #fingerprint(bytes: Uint8Array, from: number, end: number): Fingerprint {
    const [hash, found] = [this.#hash, this.#found]
    this.#sip.hash(bytes, from, end, hash)
    // No slot that is used is 0.
    found.low = hash[0] === 0 && hash[1] === 0 ? 1 : hash[0]!
    found.high = hash[1]!
    found.place = hash[2]!
    return found
  }

  #grow(found: Fingerprint): void {
    if (this.#tables.length === tablesMax) {
      this.isFull = true
      return
    }
    this.#tables.at(-1)?.close()
    const table = new IdTable(Math.min(slotsMax, slotsMin * 2 ** this.#tables.length))
    this.#tables.push(table)
    table.put(table.slotOf(found), found)
  }
}
