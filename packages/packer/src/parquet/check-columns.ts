import { packerErrors } from '../errors.ts'
import { isPresent } from './column-buffer.ts'
import type { ColumnSpec, ColumnValues } from './contract.ts'

/** Throws `packer.parquet-columns` unless every array has its column's type and `rows` values; nothing behind it looks again (PP9). */
export function checkColumns(specs: readonly ColumnSpec[], columns: readonly ColumnValues[], rows: number): void {
  if (!Number.isInteger(rows) || rows < 0) refuse({ rows })
  if (columns.length !== specs.length) refuse({ columns: columns.length, expected: specs.length })
  for (const [at, spec] of specs.entries()) {
    const { values, validity } = columns[at]!
    const fault = faultOf(spec, values, rows) ?? validityFault(spec, validity, rows)
    if (fault) refuse({ column: spec.name, type: spec.type, rows, fault })
  }
}

function faultOf({ type }: ColumnSpec, values: ColumnValues['values'], rows: number): string | undefined {
  switch (type) {
    case 'int64':
      return lengthFault(values instanceof BigInt64Array && values.length, rows)
    case 'int32':
      return lengthFault(values instanceof Int32Array && values.length, rows)
    case 'double':
      return lengthFault(values instanceof Float64Array && values.length, rows)
    case 'boolean':
      return lengthFault(values instanceof Uint8Array && values.length * 8, rows)
    case 'string':
    case 'binary':
      return 'offsets' in values ? offsetsFault(values.offsets, values.bytes, rows) : lengthFault(false, rows)
  }
}

function lengthFault(length: number | false, rows: number): string | undefined {
  if (length === false) return 'the array is of another type'
  return length < rows ? `the array has ${length} values` : undefined
}

function offsetsFault(offsets: Int32Array, bytes: Uint8Array, rows: number): string | undefined {
  if (rows === 0) return undefined
  if (offsets.length < rows + 1) return `there are ${offsets.length} offsets`
  let last = 0
  for (let row = 0; row <= rows; row++) {
    const offset = offsets[row]!
    if (offset < last) return `offset ${row} is below the one before it`
    last = offset
  }
  return last > bytes.length ? `the values end at ${last} of ${bytes.length} bytes` : undefined
}

function validityFault(spec: ColumnSpec, validity: Uint8Array | undefined, rows: number): string | undefined {
  if (validity === undefined) return undefined
  if (validity.length * 8 < rows) return `the bitmap has ${validity.length} bytes`
  if (spec.nullable) return undefined
  for (let row = 0; row < rows; row++) {
    if (!isPresent(validity, row)) return `row ${row} is null, and the column cannot have nulls`
  }
  return undefined
}

function refuse(details: Record<string, string | number>): never {
  throw packerErrors.create('packer.parquet-columns', details)
}
