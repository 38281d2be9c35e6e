/** True and false, a byte each; a bit each in Arrow's arrays and in a file, least significant first. */
import { assert } from '@chronicle/base'
import { ByteBuffer } from '../byte-buffer.ts'
import type { ColumnValues } from '../contract.ts'
import { type Hash64, xxHash64 } from '../xxhash64.ts'
import type { Values } from './values.ts'

export class BooleanValues implements Values {
  readonly #data = new ByteBuffer()

  get count(): number {
    return this.#data.length
  }

  append(source: ColumnValues['values'], from: number, to: number): void {
    assert(source instanceof Uint8Array, 'the kind of array was checked')
    for (let index = from; index < to; index++) this.#data.byte((source[index >> 3]! >> (index & 7)) & 1)
  }

  clear(): void {
    this.#data.clear()
  }

  sizeOf(_source: ColumnValues['values'], from: number, to: number): number {
    return to - from
  }

  plainBits(): number {
    return 1
  }

  get plainBitsOfAll(): number {
    return this.count
  }

  writePlain(out: ByteBuffer, from: number, to: number): void {
    const bytes = this.#data.bytes
    for (let index = from; index < to; index += 8) {
      let packed = 0
      for (let bit = 0; bit < 8 && index + bit < to; bit++) packed |= bytes[index + bit]! << bit
      out.byte(packed)
    }
  }

  bytesOf(index: number): Uint8Array {
    return this.#data.bytes.slice(index, index + 1)
  }

  isOrdered(): boolean {
    return true
  }

  compare(a: number, b: number): number {
    return this.#data.bytes[a]! - this.#data.bytes[b]!
  }

  hash(index: number): number {
    return this.#data.bytes[index]!
  }

  equal(a: number, b: number): boolean {
    return this.#data.bytes[a] === this.#data.bytes[b]
  }

  hash64(index: number, into: Hash64): void {
    xxHash64(this.#data.bytes, index, index + 1, into)
  }
}
