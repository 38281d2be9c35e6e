/**
 * What generated readers call where the bytes are not of a fixed size. Bounds of strings and bytes are checked by the
 * caller; the only state is where the last varint ended.
 */

import { zeroUuid } from '../uuid.ts'

/**
 * K3. Array elements that one message may hold in all: bounds what a small frame of empty elements can make us allocate, about
 * 100 bytes each. Requests come from strangers; a response comes from a broker that was chosen, and may be of a large cluster.
 */
export const requestElementsMax = 200_000
export const responseElementsMax = 2_000_000

/** An unsigned varint takes at most this many bytes (32 bits, 7 in each). */
const varintBytesMax = 5

/** Bytes of a string at most, in flexible versions too. */
export const stringBytesMax = 0x7fff

export const noBytes = Buffer.alloc(0)

/** Where the varint that was read last ended. */
export const varint = { end: 0 }

/**
 * The unsigned varint at `at` (7 bits a byte, lowest first, the top bit says that more follow); sets `varint.end`.
 * −1 when it does not end before `end`, −2 when it is more than 32 bits.
 */
export function unsignedVarint(bytes: Uint8Array, at: number, end: number): number {
  let value = 0
  for (let i = 0; i < varintBytesMax; i++) {
    if (at + i >= end) return -1
    const byte = bytes[at + i]!
    if (i === varintBytesMax - 1 && byte > 0x0f) return -2
    value += (byte & 0x7f) * 2 ** (7 * i)
    if (byte < 0x80) {
      varint.end = at + i + 1
      return value
    }
  }
  return -2
}

/**
 * Passes over a section of tagged fields (KIP-482: their number, then tag, size and bytes of each, by ascending tag) and
 * returns where it ends; −1 when it is not one.
 */
export function passTaggedFields(bytes: Uint8Array, start: number, end: number): number {
  const count = unsignedVarint(bytes, start, end)
  if (count < 0) return -1
  let at = varint.end
  let last = -1
  for (let i = 0; i < count; i++) {
    const tag = unsignedVarint(bytes, at, end)
    if (tag <= last) return -1
    last = tag
    const size = unsignedVarint(bytes, varint.end, end)
    if (size < 0 || size > end - varint.end) return -1
    at = varint.end + size
  }
  return at
}

/** The methods of Buffer that `toString` ends up in: a third less time for the short strings of the protocol. */
type Slices = { utf8Slice(start: number, end: number): string; base64urlSlice(start: number, end: number): string }

/** UTF-8; bytes that are none become U+FFFD, as in Java. */
export function text(bytes: Buffer, start: number, end: number): string {
  return start === end ? '' : (bytes as Buffer & Slices).utf8Slice(start, end)
}

export function uuidText(bytes: Buffer, start: number): string {
  for (let i = start; i < start + 16; i++) {
    if (bytes[i] !== 0) return (bytes as Buffer & Slices).base64urlSlice(start, start + 16)
  }
  return zeroUuid
}

/** In memory of its own: a slice of a shared pool would keep the pool for as long as a group keeps its metadata. */
export function copyOf(bytes: Buffer, start: number, end: number): Buffer {
  if (start === end) return noBytes
  const copy = Buffer.allocUnsafeSlow(end - start)
  bytes.copy(copy, 0, start, end)
  return copy
}
