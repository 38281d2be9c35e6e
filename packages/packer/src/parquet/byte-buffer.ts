/** Bytes that grow at their end: what everything that is encoded is written into, and cleared to be used again. */
import { letGo } from '../memory.ts'

const capacityMin = 1024
/** Up to here a loop copies faster than the call that copies, and makes no view. */
const loopBytesMax = 48

export class ByteBuffer {
  bytes: Uint8Array
  /** The same memory, to read several bytes at once. */
  words: DataView
  length = 0

  constructor(capacity = capacityMin) {
    this.bytes = allocate(Math.max(capacity, capacityMin))
    this.words = new DataView(this.bytes.buffer)
  }

  clear(): void {
    this.length = 0
  }

  /** What was written, as a view: good until the next write. */
  view(): Uint8Array {
    return this.bytes.subarray(0, this.length)
  }

  /** What was written, as a copy of its own. */
  copy(): Uint8Array {
    return this.bytes.slice(0, this.length)
  }

  reserve(more: number): void {
    const needed = this.length + more
    if (needed <= this.bytes.length) return
    const grown = allocate(Math.max(needed, this.bytes.length * 2))
    grown.set(this.view())
    letGo(this.bytes)
    this.bytes = grown
    this.words = new DataView(grown.buffer)
  }

  byte(value: number): void {
    this.reserve(1)
    this.bytes[this.length++] = value
  }

  uint32(value: number): void {
    this.reserve(4)
    writeUint32(this.bytes, this.length, value)
    this.length += 4
  }

  /** ULEB128 of a whole number from 0 to 2^53 - 1. */
  varint(value: number): void {
    let rest = value
    while (rest > 0x7f) {
      this.byte((rest % 0x80) | 0x80)
      rest = Math.floor(rest / 0x80)
    }
    this.byte(rest)
  }

  append(bytes: Uint8Array): void {
    this.appendRange(bytes, 0, bytes.length)
  }

  appendRange(source: Uint8Array, from: number, to: number): void {
    this.reserve(to - from)
    copyBytes(this.bytes, this.length, source, from, to)
    this.length += to - from
  }
}

/** Memory without zeros, and not as a Buffer: the `slice` of one would be a view. */
function allocate(length: number): Uint8Array {
  return new Uint8Array(Buffer.allocUnsafeSlow(length).buffer)
}

/** Little-endian, at any place. */
export function writeUint32(target: Uint8Array, at: number, value: number): void {
  target[at] = value
  target[at + 1] = value >>> 8
  target[at + 2] = value >>> 16
  target[at + 3] = value >>> 24
}

export function copyBytes(target: Uint8Array, at: number, source: Uint8Array, from: number, to: number): void {
  if (to - from > loopBytesMax) {
    target.set(source.subarray(from, to), at)
    return
  }
  for (let next = at, index = from; index < to; index++) target[next++] = source[index]!
}
