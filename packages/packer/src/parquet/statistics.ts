/** What the file says of the values in a page or a chunk, for readers that skip (PP4). */
import { type Bound, joinRanges, lowerBound, type Range, upperBound } from './bounds.ts'
import type { ColumnBuffer } from './column-buffer.ts'
import { binary, bool, boolList, encodeStruct, i32, i64, list, struct, type Thrift } from './thrift.ts'

/** Of one data page. */
export type PageStatistics = { readonly range: Range; readonly nulls: number }

type Bounds = { readonly min: Bound; readonly max: Bound }

/** Numbers of `BoundaryOrder`. */
const boundaryOrders = { unordered: 0, ascending: 1, descending: 2 } as const

/** `Statistics` of a chunk: exact bounds, or shortened ones that are marked as that. */
export function chunkStatistics(column: ColumnBuffer, pages: readonly PageStatistics[]): Thrift {
  const range = joinRanges(
    column.values,
    pages.map(page => page.range),
  )
  const bounds = boundsOf(column, range)
  return struct({
    3: i64(column.nulls),
    5: bounds && binary(bounds.max.bytes),
    6: bounds && binary(bounds.min.bytes),
    7: bounds && bool(bounds.max.exact),
    8: bounds && bool(bounds.min.exact),
    9: column.spec.type === 'double' ? i64(range.nans) : undefined,
  })
}

/** `ColumnIndex`; undefined where a page has nothing but NaN, for which the index has no form. */
export function columnIndex(column: ColumnBuffer, pages: readonly PageStatistics[]): Uint8Array | undefined {
  if (pages.some(({ range }) => range.min < 0 && range.nans > 0)) return undefined
  const bounds = pages.map(page => boundsOf(column, page.range))
  const nothing = binary(new Uint8Array(0))
  return encodeStruct({
    1: boolList(bounds.map(page => page === undefined)),
    2: list(bounds.map(page => (page ? binary(page.min.bytes) : nothing))),
    3: list(bounds.map(page => (page ? binary(page.max.bytes) : nothing))),
    4: i32(boundaryOrder(column, pages)),
    5: list(pages.map(page => i64(page.nulls))),
    8: column.spec.type === 'double' ? list(pages.map(page => i64(page.range.nans))) : undefined,
  })
}

function boundsOf({ spec, values }: ColumnBuffer, { min, max }: Range): Bounds | undefined {
  if (min < 0) return undefined
  return { min: lowerBound(spec.type, values.bytesOf(min)), max: upperBound(spec.type, values.bytesOf(max)) }
}

/** Shortening a bound keeps the order: what was ascending still is. Pages of nulls are left out. */
function boundaryOrder({ values }: ColumnBuffer, pages: readonly PageStatistics[]): number {
  const ranges = pages.map(page => page.range).filter(range => range.min >= 0)
  const follow = (holds: (step: number) => boolean) =>
    ranges.every(({ min, max }, at) => {
      const last = ranges[at - 1]
      return last === undefined || (holds(values.compare(min, last.min)) && holds(values.compare(max, last.max)))
    })
  if (follow(step => step >= 0)) return boundaryOrders.ascending
  if (follow(step => step <= 0)) return boundaryOrders.descending
  return boundaryOrders.unordered
}
