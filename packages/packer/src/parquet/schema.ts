/** The schema as it stands in the footer: a root, and a leaf for each column. */
import type { ColumnSpec, ParquetType } from './contract.ts'
import { bool, i32, string, struct, type Thrift } from './thrift.ts'

/** Numbers of `Type`. */
export const physicalTypes: Readonly<Record<ParquetType, number>> = {
  boolean: 0,
  int32: 1,
  int64: 2,
  double: 5,
  string: 6,
  binary: 6,
}

const repetition = { required: 0, optional: 1 } as const
const convertedTypes = { utf8: 0, json: 19 } as const

export function schemaElements(columns: readonly ColumnSpec[]): Thrift[] {
  const root = struct({ 4: string('schema'), 5: i32(columns.length) })
  return [root, ...columns.map(leaf)]
}

function leaf(spec: ColumnSpec): Thrift {
  const meaning = meaningOf(spec)
  return struct({
    1: i32(physicalTypes[spec.type]),
    3: i32(spec.nullable ? repetition.optional : repetition.required),
    4: string(spec.name),
    6: meaning.converted === undefined ? undefined : i32(meaning.converted),
    10: meaning.logical,
  })
}

/** The logical type, and the older annotation where there is one that says the same. */
function meaningOf(spec: ColumnSpec): { converted?: number; logical?: Thrift } {
  const nothing = struct({})
  if (spec.meaning === 'timestamp_ns') {
    const nanos = struct({ 3: nothing })
    return { logical: struct({ 8: struct({ 1: bool(true), 2: nanos }) }) }
  }
  if (spec.meaning === 'json') return { converted: convertedTypes.json, logical: struct({ 12: nothing }) }
  if (spec.type === 'string') return { converted: convertedTypes.utf8, logical: struct({ 1: nothing }) }
  return {}
}
