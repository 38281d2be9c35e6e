/** Byte strings end to end, as in Arrow: value `i` is what lies between `offsets[i]` and `offsets[i + 1]`. */
import { assert } from '@chronicle/base'
import { ByteBuffer, copyBytes, writeUint32 } from '../byte-buffer.ts'
import type { ColumnValues } from '../contract.ts'
import { type Hash64, xxHash64 } from '../xxhash64.ts'
import type { Values } from './values.ts'

const capacityMin = 1024
const lengthBytes = 4
const hashPrime = 0x9e3779b1

export class ByteArrayValues implements Values {
  count = 0
  readonly #data = new ByteBuffer()
  #offsets = new Int32Array(capacityMin)

  append(source: ColumnValues['values'], from: number, to: number): void {
    assert('offsets' in source, 'the kind of array was checked')
    this.#reserve(to - from)
    const shift = this.#data.length - source.offsets[from]!
    for (let index = from; index < to; index++) this.#offsets[++this.count] = source.offsets[index + 1]! + shift
    this.#data.appendRange(source.bytes, source.offsets[from]!, source.offsets[to]!)
  }

  clear(): void {
    this.count = 0
    this.#data.clear()
  }

  sizeOf(source: ColumnValues['values'], from: number, to: number): number {
    assert('offsets' in source, 'the kind of array was checked')
    return (to - from) * lengthBytes + source.offsets[to]! - source.offsets[from]!
  }

  plainBits(index: number): number {
    return (lengthBytes + this.#offsets[index + 1]! - this.#offsets[index]!) * 8
  }

  get plainBitsOfAll(): number {
    return (lengthBytes * this.count + this.#data.length) * 8
  }

  writePlain(out: ByteBuffer, from: number, to: number): void {
    const offsets = this.#offsets
    const source = this.#data.bytes
    out.reserve((to - from) * lengthBytes + offsets[to]! - offsets[from]!)
    const target = out.bytes
    let at = out.length
    for (let index = from; index < to; index++) {
      const start = offsets[index]!
      const end = offsets[index + 1]!
      writeUint32(target, at, end - start)
      copyBytes(target, at + lengthBytes, source, start, end)
      at += lengthBytes + end - start
    }
    out.length = at
  }

  bytesOf(index: number): Uint8Array {
    return this.#data.bytes.slice(this.#offsets[index]!, this.#offsets[index + 1]!)
  }

  isOrdered(): boolean {
    return true
  }

  /** Byte by byte, without a sign; of two of which one begins with the other, the shorter comes first. */
  compare(a: number, b: number): number {
    const bytes = this.#data.bytes
    const offsets = this.#offsets
    let atA = offsets[a]!
    let atB = offsets[b]!
    const lengthA = offsets[a + 1]! - atA
    const lengthB = offsets[b + 1]! - atB
    const end = atA + Math.min(lengthA, lengthB)
    for (; atA < end; atA++, atB++) {
      const difference = bytes[atA]! - bytes[atB]!
      if (difference !== 0) return difference
    }
    return lengthA - lengthB
  }

  hash(index: number): number {
    const { bytes, words } = this.#data
    const end = this.#offsets[index + 1]!
    let at = this.#offsets[index]!
    let hash = end - at
    for (; at + 4 <= end; at += 4) {
      hash = Math.imul(hash ^ words.getInt32(at, true), hashPrime)
      hash ^= hash >>> 15
    }
    for (; at < end; at++) hash = Math.imul(hash ^ bytes[at]!, hashPrime)
    return hash ^ (hash >>> 15)
  }

  equal(a: number, b: number): boolean {
    const { bytes, words } = this.#data
    const offsets = this.#offsets
    let atA = offsets[a]!
    let atB = offsets[b]!
    const end = offsets[a + 1]!
    if (end - atA !== offsets[b + 1]! - atB) return false
    for (; atA + 4 <= end; atA += 4, atB += 4) {
      if (words.getInt32(atA, true) !== words.getInt32(atB, true)) return false
    }
    for (; atA < end; atA++, atB++) if (bytes[atA] !== bytes[atB]) return false
    return true
  }

  hash64(index: number, into: Hash64): void {
    xxHash64(this.#data.bytes, this.#offsets[index]!, this.#offsets[index + 1]!, into)
  }

  #reserve(more: number): void {
    const needed = this.count + more + 1
    if (needed <= this.#offsets.length) return
    const grown = new Int32Array(Math.max(needed, this.#offsets.length * 2))
    grown.set(this.#offsets)
    this.#offsets = grown
  }
}
