/** A table of all types, as lists of values, and the Parquet file that the packer makes of it. */
import {
  type ColumnSpec,
  type ColumnValues,
  createParquetWriter,
  type ParquetOptions,
  type ParquetType,
} from '@chronicle/packer'

export type Value = bigint | number | boolean | string | Uint8Array | null
export type Column = { readonly spec: ColumnSpec; readonly values: readonly Value[] }

export function writeFile(columns: readonly Column[], options: Omit<ParquetOptions, 'columns'>): Buffer {
  const pieces: Uint8Array[] = []
  const writer = createParquetWriter({ ...options, columns: columns.map(column => column.spec) }, piece =>
    pieces.push(piece),
  )
  const arrays = columns.map(({ spec, values }) => arrowOf(spec.type, values))
  writer.write(arrays, columns[0]!.values.length)
  writer.finish()
  return Buffer.concat(pieces)
}

function arrowOf(type: ParquetType, values: readonly Value[]): ColumnValues {
  const validity = bitmap(values.map(value => value !== null))
  switch (type) {
    case 'int64':
      return { validity, values: BigInt64Array.from(values, value => (value ?? 0n) as bigint) }
    case 'int32':
      return { validity, values: Int32Array.from(values, value => (value ?? 0) as number) }
    case 'double':
      return { validity, values: Float64Array.from(values, value => (value ?? 0) as number) }
    case 'boolean':
      return { validity, values: bitmap(values.map(value => value === true)) }
    default: {
      const parts = values.map(value => Buffer.from((value ?? '') as string))
      const offsets = new Int32Array(values.length + 1)
      for (const [at, part] of parts.entries()) offsets[at + 1] = offsets[at]! + part.length
      return { validity, values: { offsets, bytes: Buffer.concat(parts) } }
    }
  }
}

function bitmap(bits: readonly boolean[]): Uint8Array {
  const bytes = new Uint8Array(Math.ceil(bits.length / 8))
  for (const [at, bit] of bits.entries()) if (bit) bytes[at >> 3]! |= 1 << (at & 7)
  return bytes
}
