/** The distinct values of a column chunk (PP3), found with a hash table of integers: no value becomes an object. */
import { bitWidth } from './hybrid.ts'
import type { Values } from './values/values.ts'

/** PLAIN bytes of the entries. With more, the chunk is written without a dictionary, as readers hold a whole one in memory. */
export const dictionaryBytesMax = 1024 * 1024

/** After so many values it is looked whether they repeat: if hardly any does, the rest is not hashed. */
export const dictionarySample = 8192
/** Distinct values of the sample, beyond which there is no dictionary. */
const distinctMax = (dictionarySample * 7) / 8

/** Entries are numbered in the order in which they first occur. */
export type Dictionary = {
  readonly size: number
  /** Of each value, the number of its entry. */
  readonly ids: Int32Array
  /** Of each entry, the index of the first value that is equal to it. */
  readonly firsts: Int32Array
  /** Bits that an id takes, at least one. */
  readonly width: number
}

const slotsMin = 1024

/** Makes the dictionaries of the chunks of one column, in memory that it keeps from one to the next: new memory costs more than the hashing. */
export class DictionaryBuilder {
  readonly #table = new EntryTable()
  #ids = new Int32Array(0)

  /**
   * Undefined where there are no values, where nearly all of the first ones differ, where the entries exceed `dictionaryBytesMax`, or where
   * it would save nothing. Good until the next call.
   */
  build(values: Values): Dictionary | undefined {
    const table = this.#table
    table.clear(values)
    if (this.#ids.length < values.count) this.#ids = new Int32Array(values.count)
    const ids = this.#ids.subarray(0, values.count)
    let entryBits = 0
    for (let index = 0; index < ids.length; index++) {
      const id = table.idOf(index)
      ids[index] = id
      // An entry that was made just now.
      if (table.firsts[id] === index) entryBits += values.plainBits(index)
      if (entryBits > dictionaryBytesMax * 8) return undefined
      if (index === dictionarySample && table.size > distinctMax) return undefined
    }
    const width = Math.max(bitWidth(table.size - 1), 1)
    const saves = entryBits + ids.length * width < values.plainBitsOfAll
    return saves ? { size: table.size, ids, firsts: table.firsts, width } : undefined
  }
}

/** Open addressing with linear probing; a slot holds the id of an entry, and one more, so that 0 is free. */
class EntryTable {
  size = 0
  firsts = new Int32Array(slotsMin / 2)
  #values: Values | undefined
  #slots = new Int32Array(slotsMin)
  /** Of each entry: spares most comparisons, and all hashing when the table grows. */
  #hashes = new Int32Array(slotsMin / 2)

  clear(values: Values): void {
    this.#values = values
    this.#slots.fill(0)
    this.size = 0
  }

  /** The id of the entry that value `index` is equal to, which is made where there is none. */
  idOf(index: number): number {
    const values = this.#values!
    const hash = values.hash(index)
    const mask = this.#slots.length - 1
    let slot = hash & mask
    for (; this.#slots[slot] !== 0; slot = (slot + 1) & mask) {
      const id = this.#slots[slot]! - 1
      if (this.#hashes[id] === hash && values.equal(this.firsts[id]!, index)) return id
    }
    const id = this.size++
    this.#slots[slot] = id + 1
    this.#hashes[id] = hash
    this.firsts[id] = index
    if (this.size === this.firsts.length) this.#grow()
    return id
  }

  /** Twice the size, so that at most every second slot is taken. */
  #grow(): void {
    this.firsts = doubled(this.firsts)
    this.#hashes = doubled(this.#hashes)
    this.#slots = new Int32Array(this.#slots.length * 2)
    const mask = this.#slots.length - 1
    for (let id = 0; id < this.size; id++) {
      let slot = this.#hashes[id]! & mask
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask
      this.#slots[slot] = id + 1
    }
  }
}

function doubled(numbers: Int32Array): Int32Array<ArrayBuffer> {
  const grown = new Int32Array(numbers.length * 2)
  grown.set(numbers)
  return grown
}
