/**
 * Boxes, of which ISO base media files are made (ISO/IEC 14496-12, 4.2), big-endian.
 *
 * ```text
 * OFFSET SIZE  FIELD
 *      0    4  size of the box, header included; 1: it stands in the 8 bytes behind the type; 0: up to the end of the file
 *      4    4  type, four characters
 *      8    8  large size, where the size is 1
 *      …    1  version        of full boxes only
 *      …    3  flags          of full boxes only
 * ```
 */
import { assert } from '@chronicle/base'
import { invalidImage } from './refusal.ts'

const sizeInLarge = 1
const sizeToEnd = 0

export type Box = {
  readonly type: string
  readonly content: Cursor /** Header included. */
  readonly bytes: Uint8Array
}

/** Reads forward through bytes from outside, never beyond their end. */
export class Cursor {
  readonly #bytes: Uint8Array
  /** Where these bytes are from, for messages. */
  readonly #place: string
  #at = 0

  constructor(bytes: Uint8Array, place: string) {
    this.#bytes = bytes
    this.#place = place
  }

  get left(): number {
    return this.#bytes.length - this.#at
  }

  take(length: number): Uint8Array {
    if (length > this.left) invalidImage(`${this.#place}: ${this.left} bytes where ${length} should be`)
    return this.#bytes.subarray(this.#at, (this.#at += length))
  }

  /** A whole number of `size` bytes, 0 to 8; of none it is 0. */
  uint(size: number): number {
    let value = 0
    for (const byte of this.take(size)) value = value * 256 + byte
    if (!Number.isSafeInteger(value)) invalidImage(`${this.#place}: a number above 2^53`)
    return value
  }

  /** Four characters. */
  type(): string {
    return Buffer.from(this.take(4)).toString('latin1')
  }

  /** A text that ends in a zero byte, or where the bytes end. */
  text(): string {
    const rest = this.#bytes.subarray(this.#at)
    const zero = rest.indexOf(0)
    const text = Buffer.from(this.take(zero === -1 ? rest.length : zero)).toString('utf8')
    if (zero !== -1) this.take(1)
    return text
  }

  fullBoxHeader(): { version: number; flags: number } {
    return { version: this.uint(1), flags: this.uint(3) }
  }

  box(): Box {
    const from = this.#at
    const short = this.uint(4)
    const type = this.type()
    const size = short === sizeInLarge ? this.uint(8) : short
    const header = this.#at - from
    const length = size === sizeToEnd ? this.left : size - header
    if (length < 0) invalidImage(`${this.#place}: the box ${printable(type)} has a size of ${size} bytes`)
    const content = new Cursor(this.take(length), printable(type))
    return { type, content, bytes: this.#bytes.subarray(from, this.#at) }
  }

  /** The boxes up to the end, at most `boxesMax`. */
  boxes(boxesMax: number): Box[] {
    const found: Box[] = []
    while (this.left > 0) {
      if (found.length === boxesMax) invalidImage(`${this.#place}: more than ${boxesMax} boxes`)
      found.push(this.box())
    }
    return found
  }
}

/** Four characters as they may stand in a message. */
export function printable(type: string): string {
  return JSON.stringify(type.replaceAll(/[^ -~]/g, '?'))
}

/** A whole number in `size` bytes, 1 to 4. */
export function uint(value: number, size: number): Buffer {
  const bytes = Buffer.alloc(size)
  bytes.writeUIntBE(value, 0, size)
  return bytes
}

export function type(text: string): Buffer {
  assert(text.length === 4, 'a type has four characters')
  return Buffer.from(text, 'latin1')
}

/** A text and the zero byte that ends it. */
export function text(value: string): Buffer {
  return Buffer.from(`${value}\0`)
}

export function box(boxType: string, ...parts: readonly Uint8Array[]): Buffer {
  const length = parts.reduce((sum, part) => sum + part.length, 8)
  return Buffer.concat([uint(length, 4), type(boxType), ...parts], length)
}

export function fullBox(boxType: string, version: number, ...parts: readonly Uint8Array[]): Buffer {
  return box(boxType, uint(version, 1), uint(0, 3), ...parts)
}
