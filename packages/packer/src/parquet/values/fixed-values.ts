/** Values of 4 or 8 bytes, as the 32-bit words that they are in memory and in a file: little-endian. */
import { assert } from '@chronicle/base'
import type { ByteBuffer } from '../byte-buffer.ts'
import type { ColumnValues } from '../contract.ts'
import { type Hash64, xxHash64 } from '../xxhash64.ts'
import type { Values } from './values.ts'

const capacityMin = 1024
const hashPrime = 0x9e3779b1

type FixedArray = BigInt64Array | Int32Array | Float64Array

export class FixedValues implements Values {
  count = 0
  readonly #type: 'int32' | 'int64' | 'double'
  readonly #bytesEach: number
  readonly #wordsEach: number
  /** Three views of the same memory. The words are what is worked on: an element of a BigInt64Array would be an object each. */
  #bytes: Uint8Array
  #words: Int32Array
  #doubles: Float64Array

  constructor(type: 'int32' | 'int64' | 'double') {
    this.#type = type
    this.#bytesEach = type === 'int32' ? 4 : 8
    this.#wordsEach = this.#bytesEach / 4
    const memory = new ArrayBuffer(capacityMin * 8)
    this.#bytes = new Uint8Array(memory)
    this.#words = new Int32Array(memory)
    this.#doubles = new Float64Array(memory)
  }

  append(source: ColumnValues['values'], from: number, to: number): void {
    assert(isFixedArray(source), 'the kind of array was checked')
    this.#reserve(to - from)
    const bytes = new Uint8Array(
      source.buffer,
      source.byteOffset + from * this.#bytesEach,
      (to - from) * this.#bytesEach,
    )
    this.#bytes.set(bytes, this.count * this.#bytesEach)
    this.count += to - from
  }

  clear(): void {
    this.count = 0
  }

  sizeOf(_source: ColumnValues['values'], from: number, to: number): number {
    return (to - from) * this.#bytesEach
  }

  plainBits(): number {
    return this.#bytesEach * 8
  }

  get plainBitsOfAll(): number {
    return this.count * this.#bytesEach * 8
  }

  writePlain(out: ByteBuffer, from: number, to: number): void {
    out.appendRange(this.#bytes, from * this.#bytesEach, to * this.#bytesEach)
  }

  bytesOf(index: number): Uint8Array {
    return this.#bytes.slice(index * this.#bytesEach, (index + 1) * this.#bytesEach)
  }

  isOrdered(index: number): boolean {
    return this.#type !== 'double' || !Number.isNaN(this.#doubles[index]!)
  }

  compare(a: number, b: number): number {
    const words = this.#words
    if (this.#type === 'double') return this.#doubles[a]! - this.#doubles[b]!
    if (this.#type === 'int32') return words[a]! - words[b]!
    const high = words[a * 2 + 1]! - words[b * 2 + 1]!
    return high !== 0 ? high : (words[a * 2]! >>> 0) - (words[b * 2]! >>> 0)
  }

  hash(index: number): number {
    const words = this.#words
    if (this.#wordsEach === 1) return mix(words[index]!)
    return mix(mix(words[index * 2]!) ^ words[index * 2 + 1]!)
  }

  equal(a: number, b: number): boolean {
    const words = this.#words
    if (this.#wordsEach === 1) return words[a] === words[b]
    return words[a * 2] === words[b * 2] && words[a * 2 + 1] === words[b * 2 + 1]
  }

  hash64(index: number, into: Hash64): void {
    xxHash64(this.#bytes, index * this.#bytesEach, (index + 1) * this.#bytesEach, into)
  }

  #reserve(more: number): void {
    const needed = (this.count + more) * this.#bytesEach
    if (needed <= this.#bytes.length) return
    const memory = new ArrayBuffer(Math.max(needed + (-needed & 7), this.#bytes.length * 2))
    const grown = new Uint8Array(memory)
    grown.set(this.#bytes)
    this.#bytes = grown
    this.#words = new Int32Array(memory)
    this.#doubles = new Float64Array(memory)
  }
}

function isFixedArray(source: ColumnValues['values']): source is FixedArray {
  return ArrayBuffer.isView(source)
}

function mix(word: number): number {
  const product = Math.imul(word, hashPrime)
  return product ^ (product >>> 15)
}
