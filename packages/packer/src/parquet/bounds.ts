/** Least and greatest values of pages and column chunks, and how they are shortened without becoming wrong (PP4). */
import type { ParquetType } from './contract.ts'
import type { Dictionary } from './dictionary.ts'
import type { Values } from './values/values.ts'

/** Bounds of byte arrays are cut to this length, so that indexes stay small where values are long. */
export const boundBytesMax = 64

/** Indexes of the least and the greatest value, and how many values were left out because they are NaN. */
export type Range = { min: number; max: number; nans: number }

export type Bound = { readonly bytes: Uint8Array; readonly exact: boolean }

/** Of values `from` to `to`; `min` is -1 where none of them has a place in the order. */
export function rangeOf(values: Values, from: number, to: number): Range {
  const range = { min: -1, max: -1, nans: 0 }
  for (let index = from; index < to; index++) extend(range, values, index)
  return range
}

/** The same through a dictionary: each entry is looked at once a page, however often it occurs. */
export class EntryRanges {
  readonly #values: Values
  readonly #dictionary: Dictionary
  /** Of each entry, the number of the last page in which it was seen. */
  readonly #seenIn: Int32Array
  #page = 0

  constructor(values: Values, dictionary: Dictionary) {
    this.#values = values
    this.#dictionary = dictionary
    this.#seenIn = new Int32Array(dictionary.size)
  }

  /** Of the next page, which has the values `from` to `to`. NaNs count by their entries' occurrences. */
  next(from: number, to: number): Range {
    this.#page++
    const { ids, firsts } = this.#dictionary
    const range = { min: -1, max: -1, nans: 0 }
    for (let index = from; index < to; index++) {
      const id = ids[index]!
      if (this.#seenIn[id] === this.#page && this.#values.isOrdered(firsts[id]!)) continue
      this.#seenIn[id] = this.#page
      extend(range, this.#values, firsts[id]!)
    }
    return range
  }
}

/** The range over both. */
export function joinRanges(values: Values, ranges: readonly Range[]): Range {
  const joined = { min: -1, max: -1, nans: 0 }
  for (const { min, max, nans } of ranges) {
    joined.nans += nans
    if (min < 0) continue
    extend(joined, values, min)
    extend(joined, values, max)
  }
  return joined
}

function extend(range: Range, values: Values, index: number): void {
  if (!values.isOrdered(index)) {
    range.nans++
  } else if (range.min < 0) {
    range.min = index
    range.max = index
  } else if (values.compare(index, range.min) < 0) {
    range.min = index
  } else if (values.compare(index, range.max) > 0) {
    range.max = index
  }
}

/** Something that is not greater than `value`, and no longer than need be. */
export function lowerBound(type: ParquetType, value: Uint8Array): Bound {
  if (type === 'double') return { bytes: zeroTo(value, 0x80), exact: true }
  if (value.length <= boundBytesMax || !isByteArray(type)) return { bytes: value, exact: true }
  return { bytes: value.subarray(0, cutAt(type, value)), exact: false }
}

/** Something that is not less than `value`; the value itself where no shorter one is. */
export function upperBound(type: ParquetType, value: Uint8Array): Bound {
  if (type === 'double') return { bytes: zeroTo(value, 0), exact: true }
  if (value.length <= boundBytesMax || !isByteArray(type)) return { bytes: value, exact: true }
  const prefix = value.subarray(0, cutAt(type, value))
  const text = type === 'string' ? decodeUtf8(prefix) : undefined
  const bytes = text === undefined ? nextBytes(prefix) : nextText(text)
  return bytes ? { bytes, exact: false } : { bytes: value, exact: true }
}

function isByteArray(type: ParquetType): boolean {
  return type === 'string' || type === 'binary'
}

/** Where to cut: in text, between characters. */
function cutAt(type: ParquetType, value: Uint8Array): number {
  if (type === 'binary') return boundBytesMax
  let end = boundBytesMax
  while (end > boundBytesMax - 4 && (value[end]! & 0xc0) === 0x80) end--
  return end
}

/** The text up to its last character that has a next one, and that one; undefined where there is none. */
function nextText(text: string): Uint8Array | undefined {
  const characters = [...text]
  for (let last = characters.length - 1; last >= 0; last--) {
    const next = nextCodePoint(characters[last]!.codePointAt(0)!)
    if (next !== undefined) return Buffer.from(characters.slice(0, last).join('') + String.fromCodePoint(next))
  }
  return undefined
}

function nextCodePoint(codePoint: number): number | undefined {
  if (codePoint === 0x10_ffff) return undefined
  // The code points of surrogates stand for no character.
  return codePoint === 0xd7ff ? 0xe000 : codePoint + 1
}

function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}

/** The prefix up to its last byte that is not 0xff, and that byte one more. */
function nextBytes(prefix: Uint8Array): Uint8Array | undefined {
  const last = prefix.findLastIndex(byte => byte !== 0xff)
  if (last < 0) return undefined
  const next = prefix.slice(0, last + 1)
  next[last]!++
  return next
}

/** A zero with the given sign byte, anything else as it is: readers take a bound of -0 or 0 for both, if it is the outer one. */
function zeroTo(value: Uint8Array, sign: number): Uint8Array {
  const isZero = value.every((byte, at) => (at === 7 ? (byte & 0x7f) === 0 : byte === 0))
  return isZero ? Uint8Array.of(0, 0, 0, 0, 0, 0, 0, sign) : value
}
