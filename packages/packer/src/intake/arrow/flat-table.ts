/**
 * FlatBuffers, as far as the metadata of Arrow needs them (https://flatbuffers.dev/internals), little-endian.
 *
 * ```text
 * buffer     uint32  reference to the root table
 * table      int32   where this stands, less where the vtable of the table begins
 *            …       fields, in whatever order
 * vtable     uint16  bytes of the vtable, these included
 *            uint16  bytes of the table, its first four included
 *            uint16  where field 0 begins in the table; 0: it is absent and has its default
 *            …       field 1, 2, …; fields behind the end of the vtable are absent
 * reference  uint32  how far behind itself a table, a vector or a text begins; never 0
 * vector     uint32  number of elements, then the elements: numbers, structs, or references to tables
 * text       uint32  number of bytes, then UTF-8, then a zero byte that does not count
 * ```
 * Every place is compared with the bytes that there are before it is read; what does not fit is refused (PI3). References lead forwards,
 * and whoever reads follows a fixed number of them: no bytes can send a reader in circles.
 */
import { assert } from '@chronicle/base'
import { notArrow } from '../refused.ts'

const referenceBytes = 4
const vtableHeadBytes = 4
const slotBytes = 2

/** A table in a buffer. Fields have the numbers that their schema gives them, from 0. Whatever does not fit throws `RecordRefused`. */
export class FlatTable {
  readonly #words: DataView
  readonly #at: number
  readonly #bytes: number
  readonly #vtable: number
  readonly #vtableBytes: number

  private constructor(words: DataView, at: number) {
    needs(words, at, referenceBytes)
    const vtable = at - words.getInt32(at, true)
    needs(words, vtable, vtableHeadBytes)
    this.#words = words
    this.#at = at
    this.#vtable = vtable
    this.#vtableBytes = words.getUint16(vtable, true)
    this.#bytes = words.getUint16(vtable + slotBytes, true)
    needs(words, vtable, this.#vtableBytes)
    needs(words, at, this.#bytes)
  }

  /** The root table of a whole buffer. */
  static root(buffer: Uint8Array): FlatTable {
    const words = new DataView(buffer.buffer, buffer.byteOffset, buffer.length)
    return new FlatTable(words, referred(words, 0))
  }

  uint8(field: number): number {
    const at = this.#place(field, 1)
    return at === undefined ? 0 : this.#words.getUint8(at)
  }

  int16(field: number): number {
    const at = this.#place(field, 2)
    return at === undefined ? 0 : this.#words.getInt16(at, true)
  }

  int32(field: number): number {
    const at = this.#place(field, 4)
    return at === undefined ? 0 : this.#words.getInt32(at, true)
  }

  /** Exact up to 2^53; beyond, it is beyond whatever it is compared with. */
  int64(field: number): number {
    const at = this.#place(field, 8)
    return at === undefined ? 0 : int64(this.#words, at)
  }

  bigInt64(field: number): bigint {
    const at = this.#place(field, 8)
    return at === undefined ? 0n : this.#words.getBigInt64(at, true)
  }

  table(field: number): FlatTable | undefined {
    const at = this.#place(field, referenceBytes)
    return at === undefined ? undefined : new FlatTable(this.#words, referred(this.#words, at))
  }

  /** An absent vector is an empty one. */
  vector(field: number, elementBytes: number): FlatVector {
    const at = this.#place(field, referenceBytes)
    if (at === undefined) return new FlatVector(this.#words, 0, 0, elementBytes)
    const begin = referred(this.#words, at)
    needs(this.#words, begin, 4)
    return new FlatVector(this.#words, begin + 4, this.#words.getUint32(begin, true), elementBytes)
  }

  tables(field: number, countMax: number): FlatTable[] {
    const { count, at } = this.vector(field, referenceBytes)
    if (count > countMax) throw notArrow(`its metadata lists ${count} tables where at most ${countMax} are accepted`)
    return Array.from({ length: count }, (_, index) => {
      return new FlatTable(this.#words, referred(this.#words, at + index * referenceBytes))
    })
  }

  text(field: number, bytesMax: number): string {
    const { count, at } = this.vector(field, 1)
    if (count > bytesMax) throw notArrow(`a name has ${count} bytes, accepted are ${bytesMax}`)
    return Buffer.from(this.#words.buffer, this.#words.byteOffset + at, count).toString()
  }

  /** Where a field begins in the buffer; undefined where it is absent. */
  #place(field: number, bytes: number): number | undefined {
    const offset = this.#slot(field)
    if (offset === 0) return undefined
    if (offset < referenceBytes || offset + bytes > this.#bytes) throw outside()
    return this.#at + offset
  }

  #slot(field: number): number {
    const slot = vtableHeadBytes + field * slotBytes
    return slot + slotBytes > this.#vtableBytes ? 0 : this.#words.getUint16(this.#vtable + slot, true)
  }
}

/** Elements of one size, one behind the other. */
export class FlatVector {
  readonly count: number
  /** Where the first one begins in the buffer. */
  readonly at: number
  readonly #words: DataView
  readonly #elementBytes: number

  constructor(words: DataView, at: number, count: number, elementBytes: number) {
    needs(words, at, count * elementBytes)
    this.count = count
    this.at = at
    this.#words = words
    this.#elementBytes = elementBytes
  }

  /** Eight bytes that begin at `offset` in element `index`, as `FlatTable.int64` gives them. */
  int64(index: number, offset: number): number {
    assert(index < this.count && offset + 8 <= this.#elementBytes, 'an element of the vector')
    return int64(this.#words, this.at + index * this.#elementBytes + offset)
  }
}

/** What the reference at `at` refers to. */
function referred(words: DataView, at: number): number {
  needs(words, at, referenceBytes)
  const distance = words.getUint32(at, true)
  if (distance === 0) throw outside()
  return at + distance
}

function needs(words: DataView, at: number, bytes: number): void {
  if (at < 0 || at + bytes > words.byteLength) throw outside()
}

function int64(words: DataView, at: number): number {
  return words.getInt32(at + 4, true) * 0x1_0000_0000 + words.getUint32(at, true)
}

function outside() {
  return notArrow('its metadata points outside of itself')
}
