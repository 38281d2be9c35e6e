/** Columns of text in Arrow's layout: what holds of one that is to be believed, and what its rows are. */
import { isUtf8 } from 'node:buffer'
import type { TextColumn } from './contract.ts'

/** Of one value. */
export const textBytesMax = 16 * 1024 * 1024

export function isNull({ validity }: Pick<TextColumn, 'validity'>, row: number): boolean {
  return validity !== undefined && ((validity[row >> 3]! >> (row & 7)) & 1) === 0
}

export function bytesOf({ offsets, bytes }: TextColumn, row: number): Uint8Array {
  return bytes.subarray(offsets[row]!, offsets[row + 1]!)
}

/** What is wrong with the arrays themselves; nothing may be read from a column before this has found nothing (PI1). */
export function layoutFault({ offsets, bytes, validity }: TextColumn, rows: number): string | undefined {
  if (validity !== undefined && validity.length * 8 < rows) return 'its bitmap is too short'
  if (rows === 0) return undefined
  if (offsets.length < rows + 1) return 'it has too few offsets'
  let last = 0
  for (let row = 0; row <= rows; row++) {
    const offset = offsets[row]!
    if (offset < last) return `offset ${row} is below the one before it`
    last = offset
  }
  return last > bytes.length ? 'its values end behind its bytes' : undefined
}

/** Calls `onFault` for each row that is not UTF-8; what stands under a null is no fault. One look at all of them where all is well. */
export function eachNotUtf8(column: TextColumn, rows: number, onFault: (row: number) => void): void {
  if (isUtf8AsWhole(column, rows)) return
  for (let row = 0; row < rows; row++) {
    if (!isNull(column, row) && !isUtf8(bytesOf(column, row))) onFault(row)
  }
}

/** The bytes of all rows are UTF-8, and none begins inside of a character. */
function isUtf8AsWhole({ offsets, bytes }: TextColumn, rows: number): boolean {
  const end = offsets[rows]!
  if (!isUtf8(bytes.subarray(offsets[0]!, end))) return false
  for (let row = 0; row < rows; row++) {
    const offset = offsets[row]!
    if (offset < end && (bytes[offset]! & 0xc0) === 0x80) return false
  }
  return true
}
