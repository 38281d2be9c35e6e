/** Dictionaries of text: what their batches have brought so far, and columns of indices as the texts that they stand for. */
import type { TextColumn } from '../contract.ts'
import { RecordRefused, torn } from '../refused.ts'
import { isNull } from '../text.ts'
import type { IntegerColumn } from './batch.ts'
import { int32sOf64 } from './numbers.ts'

/** Of all columns of a record after their dictionaries were resolved: a few bytes could stand for any number (PI3). */
export const expandedBytesMax = 256 * 1024 * 1024
/** Up to here a loop copies faster than the call that copies. */
const loopBytesMax = 32
const nullLength = -1

/** What a record may still expand to. */
export type Allowance = { bytes: number }

export class TextDictionary {
  #count = 0
  #starts = new Int32Array(0)
  /** In bytes; -1 of an entry that is null. */
  #lengths = new Int32Array(0)
  #bytes = new Uint8Array(0)
  #used = 0

  /** Behind the entries that are there. Memory doubles, so that many small batches cost no more than a large one. */
  append(column: TextColumn, rows: number): void {
    const { offsets, bytes } = column
    const [begin, end] = [offsets[0]!, offsets[rows]!]
    this.#starts = grown(this.#starts, this.#count, this.#count + rows)
    this.#lengths = grown(this.#lengths, this.#count, this.#count + rows)
    this.#bytes = grown(this.#bytes, this.#used, this.#used + end - begin)
    this.#bytes.set(bytes.subarray(begin, end), this.#used)
    const shift = this.#used - begin
    for (let row = 0; row < rows; row++, this.#count++) {
      this.#starts[this.#count] = offsets[row]! + shift
      this.#lengths[this.#count] = isNull(column, row) ? nullLength : offsets[row + 1]! - offsets[row]!
    }
    this.#used += end - begin
  }

  /** The texts of `rows` indices, in memory of their own. Throws `RecordRefused` where an index leads nowhere, or to more than `allowance`. */
  expand(name: string, column: IntegerColumn, allowance: Allowance): TextColumn {
    const indices = int32sOf(column.values)
    const rows = indices.length
    const offsets = new Int32Array(rows + 1)
    let nulls: Uint8Array | undefined
    for (let row = 0; row < rows; row++) {
      const length = isNull(column, row) ? 0 : this.#lengthOf(name, row, indices[row]!)
      if (length === nullLength) nulls = withNull(nulls ?? copied(column.validity, rows), row)
      const end = offsets[row]! + Math.max(length, 0)
      if (end > allowance.bytes) throw tooLarge()
      offsets[row + 1] = end
    }
    allowance.bytes -= offsets[rows]!
    return { offsets, bytes: this.#joined(indices, offsets), validity: nulls ?? column.validity }
  }

  #lengthOf(name: string, row: number, index: number): number {
    if (index >= 0 && index < this.#count) return this.#lengths[index]!
    throw torn(name, `row ${row} names an entry that its dictionary does not have`)
  }

  /** The texts one behind the other. What `offsets` leave empty, nulls as well, is not looked at. */
  #joined(indices: Int32Array, offsets: Int32Array): Uint8Array {
    const source = this.#bytes
    const bytes = new Uint8Array(offsets.at(-1)!)
    for (let row = 0; row < indices.length; row++) {
      let to = offsets[row]!
      const end = offsets[row + 1]!
      if (to === end) continue
      let from = this.#starts[indices[row]!]!
      if (end - to > loopBytesMax) bytes.set(source.subarray(from, from + end - to), to)
      else while (to < end) bytes[to++] = source[from++]!
    }
    return bytes
  }
}

function int32sOf(values: IntegerColumn['values']): Int32Array {
  if (values instanceof BigInt64Array || values instanceof BigUint64Array) return int32sOf64(values)
  return values instanceof Int32Array ? values : new Int32Array(values)
}

function grown<T extends Int32Array | Uint8Array>(array: T, used: number, needed: number): T {
  if (needed <= array.length) return array
  const larger = new (array.constructor as new (length: number) => T)(Math.max(needed, array.length * 2))
  larger.set(array.subarray(0, used))
  return larger
}

function copied(validity: Uint8Array | undefined, rows: number): Uint8Array {
  return validity ? validity.slice() : new Uint8Array(Math.ceil(rows / 8)).fill(0xff)
}

function withNull(bitmap: Uint8Array, row: number): Uint8Array {
  bitmap[row >> 3]! &= ~(1 << (row & 7))
  return bitmap
}

function tooLarge(): RecordRefused {
  return new RecordRefused(
    'too-large',
    `the texts that dictionaries stand for have more than ${expandedBytesMax} bytes`,
  )
}
