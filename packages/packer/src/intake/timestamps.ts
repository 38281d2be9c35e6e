import type { IntegerColumn } from './arrow/batch.ts'
import { isNull } from './text.ts'

/** The column `timestamp_ns`. Null becomes 0: a row without a time is refused as any other whose time is not above 0. */
export function timestampsOf(integers: ReadonlyMap<string, IntegerColumn>): BigInt64Array {
  const column = integers.get('timestamp_ns')!
  const values = column.values as BigInt64Array
  if (column.validity === undefined) return values
  const zeroed = values.slice()
  for (let row = 0; row < zeroed.length; row++) if (isNull(column, row)) zeroed[row] = 0n
  return zeroed
}
