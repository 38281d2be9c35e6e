/**
 * Where a column chunk is cut into data pages (PP2). Their size is that before compression; what runs of equal values save is not known before
 * a page is encoded, so that a page of those is smaller.
 */
import { ordinalMax } from './module-cipher.ts'
import type { Values } from './values/values.ts'

/** However well its rows are packed: a reader that looks for one row decodes a page. The same as in Apache's writers. */
export const pageRowsMax = 20_000

/** Pages of a chunk have an ordinal in encrypted files, and the same cuts in plain ones. */
const pagesMax = ordinalMax + 1

/** The length of the definition levels, the width of ids, and headers of runs that are longer than a byte. */
const pageOverheadBits = 16 * 8

/** At most, with the headers of runs: a page in which every eighth value begins another kind of run. */
const levelBitsMax = 2
const runHeaderBits = 1

/** Rows of a chunk, and those of its values that stand in them. */
export type PageRange = {
  readonly rowFrom: number
  readonly rowTo: number
  readonly valueFrom: number
  readonly valueTo: number
}

/** `levels` holds a 1 for each row with a value; undefined where all have one. `idWidth` is that of a dictionary's ids. */
export function cutPages(
  rows: number,
  levels: Uint8Array | undefined,
  values: Values,
  idWidth: number | undefined,
  pageBytes: number,
): PageRange[] {
  const bitsMax = pageBytes * 8 - pageOverheadBits
  const rowsMin = Math.ceil(rows / pagesMax)
  const levelBits = levels ? levelBitsMax : 0
  const pages: PageRange[] = []
  let rowFrom = 0
  let valueFrom = 0
  let value = 0
  let bits = 0
  for (let row = 0; row < rows; row++) {
    const present = levels === undefined || levels[row] === 1
    const valueBits = present ? (idWidth === undefined ? values.plainBits(value) : idWidth + runHeaderBits) : 0
    const full = bits + levelBits + valueBits > bitsMax || row - rowFrom === pageRowsMax
    if (full && row - rowFrom >= rowsMin) {
      pages.push({ rowFrom, rowTo: row, valueFrom, valueTo: value })
      rowFrom = row
      valueFrom = value
      bits = 0
    }
    bits += levelBits + valueBits
    if (present) value++
  }
  if (rows > 0) pages.push({ rowFrom, rowTo: rows, valueFrom, valueTo: value })
  return pages
}
