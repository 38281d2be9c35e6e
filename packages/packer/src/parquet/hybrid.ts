/**
 * Parquet's hybrid of run lengths and packed bits, for definition levels and for the ids of dictionary entries.
 *
 *     run of one value   varint count << 1, the value in as many bytes as its width takes
 *     packed values      varint groups << 1 | 1, groups of eight values of `width` bits, least significant bit first;
 *                        the last group is filled up with zeros
 *
 * Source: https://github.com/apache/parquet-format/blob/master/Encodings.md#RLE
 */
import { assert } from '@chronicle/base'
import type { ByteBuffer } from './byte-buffer.ts'

const groupValues = 8
/** So that what is left of one byte and a whole value fit 32 bits. */
const widthMax = 24

/** Bits that the numbers from 0 to `max` take. */
export function bitWidth(max: number): number {
  return 32 - Math.clz32(max)
}

/** Encodes `numbers` from `from` to `to`, each of which fits `width` bits. */
export function writeHybrid(
  out: ByteBuffer,
  numbers: Int32Array | Uint8Array,
  from: number,
  to: number,
  width: number,
): void {
  assert(width >= 1 && width <= widthMax, 'numbers of 1 to 24 bits')
  let packedFrom = from
  let at = from
  while (at < to) {
    const end = endOfRun(numbers, at, to)
    if (end - at < groupValues) {
      at = Math.min(at + groupValues, to)
      continue
    }
    writePacked(out, numbers, packedFrom, at, width)
    out.varint((end - at) * 2)
    writeLittleEndian(out, numbers[at]!, width)
    at = end
    packedFrom = end
  }
  writePacked(out, numbers, packedFrom, to, width)
}

function endOfRun(numbers: Int32Array | Uint8Array, from: number, to: number): number {
  let end = from + 1
  while (end < to && numbers[end] === numbers[from]) end++
  return end
}

function writeLittleEndian(out: ByteBuffer, value: number, width: number): void {
  for (let shift = 0; shift < width; shift += 8) out.byte((value >>> shift) & 0xff)
}

function writePacked(out: ByteBuffer, numbers: Int32Array | Uint8Array, from: number, to: number, width: number): void {
  if (from === to) return
  const groups = Math.ceil((to - from) / groupValues)
  out.varint(groups * 2 + 1)
  out.reserve(groups * width)
  const { bytes } = out
  const end = out.length + groups * width
  let at = out.length
  let pending = 0
  let pendingBits = 0
  for (let index = from; index < to; index++) {
    pending |= numbers[index]! << pendingBits
    pendingBits += width
    for (; pendingBits >= 8; pendingBits -= 8) {
      bytes[at++] = pending
      pending >>>= 8
    }
  }
  if (pendingBits > 0) bytes[at++] = pending
  bytes.fill(0, at, end)
  out.length = end
}
