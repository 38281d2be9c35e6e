/**
 * Variable-length integers as in records (zigzag, 7 bits a byte, least significant first). A cursor instead of a result pair:
 * nothing is allocated for each number.
 */
export class Cursor {
  readonly bytes: Buffer
  /** Where the next byte is. −1 after a number that was cut off or too long. */
  at: number
  readonly end: number

  constructor(bytes: Buffer, at: number, end: number) {
    this.bytes = bytes
    this.at = at
    this.end = end
  }

  /** A signed 32-bit varint. On bad input `at` is −1 and so is the result. */
  varint(): number {
    if (this.at < 0 || this.at >= this.end) return this.fail()
    let byte = this.bytes[this.at++]!
    if (byte < 0x80) return (byte >>> 1) ^ -(byte & 1)
    let value = byte & 0x7f
    for (let shift = 7; shift <= 28; shift += 7) {
      if (this.at >= this.end) return this.fail()
      byte = this.bytes[this.at++]!
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) return (value >>> 1) ^ -(value & 1)
    }
    return this.fail()
  }

  /** A signed 64-bit varint: exact up to 2^53, the nearest double beyond. On bad input `at` is −1 and so is the result. */
  varlong(): number {
    if (this.at < 0 || this.at >= this.end) return this.fail()
    let byte = this.bytes[this.at++]!
    if (byte < 0x80) return (byte >>> 1) ^ -(byte & 1)
    const isNegative = (byte & 1) === 1
    let magnitude = (byte & 0x7f) >>> 1
    let factor = 64
    for (let count = 1; count < 10; count++) {
      if (this.at >= this.end) return this.fail()
      byte = this.bytes[this.at++]!
      magnitude += (byte & 0x7f) * factor
      factor *= 128
      if (byte < 0x80) return isNegative ? -magnitude - 1 : magnitude
    }
    return this.fail()
  }

  fail(): -1 {
    this.at = -1
    return -1
  }
}

/** Appends a zigzag varint to `target` at `at`; returns where the next byte goes. */
export function putVarint(target: Buffer, at: number, value: number): number {
  let rest = value >= 0 ? value * 2 : -value * 2 - 1
  let next = at
  while (rest >= 0x80) {
    target[next++] = (rest % 128) | 0x80
    rest = Math.floor(rest / 128)
  }
  target[next++] = rest
  return next
}
