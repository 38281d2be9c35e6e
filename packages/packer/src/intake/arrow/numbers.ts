/** Numbers and bitmaps of a body as typed arrays: views where they lie at a multiple of their size, else copies. */

const arrayTypes = {
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
} as const
export type NumberType = keyof typeof arrayTypes
type NumbersOf<T extends NumberType> = InstanceType<(typeof arrayTypes)[T]>
export type Numbers = NumbersOf<NumberType>

const onesInByte = Uint8Array.from({ length: 256 }, (_, byte) => byte.toString(2).replaceAll('0', '').length)

export function isNumberType(type: string): type is NumberType {
  return Object.hasOwn(arrayTypes, type)
}

export function bytesPerNumber(type: NumberType): number {
  return arrayTypes[type].BYTES_PER_ELEMENT
}

/** `count` numbers that begin at `from` in `body`. */
export function numbersAt<T extends NumberType>(type: T, body: Uint8Array, from: number, count: number): NumbersOf<T> {
  const at = body.byteOffset + from
  if (at % bytesPerNumber(type) === 0) return viewOf(type, body.buffer, at, count)
  return viewOf(type, body.slice(from, from + count * bytesPerNumber(type)).buffer, 0, count)
}

function viewOf<T extends NumberType>(type: T, memory: ArrayBufferLike, at: number, count: number): NumbersOf<T> {
  return new arrayTypes[type](memory as ArrayBuffer, at, count) as NumbersOf<T>
}

/** -1 for each that is negative or that no Int32 holds. Without objects: by the two halves of each. */
export function int32sOf64(values: BigInt64Array | BigUint64Array): Int32Array {
  const halves = new Int32Array(values.buffer, values.byteOffset, values.length * 2)
  const result = new Int32Array(values.length)
  for (let at = 0; at < result.length; at++) {
    const low = halves[at * 2]!
    result[at] = halves[at * 2 + 1] === 0 && low >= 0 ? low : -1
  }
  return result
}

/** How many of the first `rows` bits of a bitmap are 0. */
export function zeroBits(bitmap: Uint8Array, rows: number): number {
  const whole = rows >> 3
  let ones = onesInByte[bitmap[whole]! & ((1 << (rows & 7)) - 1)] ?? 0
  for (let at = 0; at < whole; at++) ones += onesInByte[bitmap[at]!]!
  return rows - ones
}
