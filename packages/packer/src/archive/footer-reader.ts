/** What a Parquet file's footer says of its rows. */
import { packerErrors } from '../errors.ts'
import { readStruct, type ThriftStruct } from '../parquet/thrift-reader.ts'

const trailerBytes = 8
const part = 'footer'

export type ParquetSummary = {
  readonly rows: number
  /** Of the first column, where all row groups have statistics of it. */
  readonly range?: { readonly first: bigint; readonly last: bigint } | undefined
}

/** `tail` is the end of a plain file. Throws `packer.parquet-damaged`. */
export function readParquetSummary(tail: Buffer): ParquetSummary {
  const length = tail.length < trailerBytes ? 0 : tail.readUInt32LE(tail.length - trailerBytes)
  const from = tail.length - trailerBytes - length
  if (tail.toString('latin1', tail.length - 4) !== 'PAR1' || from < 0) refuse('it is missing')
  const { struct: footer } = readStruct(tail.subarray(from, tail.length - trailerBytes), part)
  const groups = footer.structs(4)
  const rows = groups.reduce((sum, group) => sum + group.count(3), 0)
  if (rows !== footer.count(3)) refuse('its row groups do not have its rows')
  return { rows, range: rangeOf(groups) }
}

function rangeOf(groups: readonly ThriftStruct[]): ParquetSummary['range'] {
  const bounds = groups.map(boundsOf)
  return bounds.reduce((all, one) => {
    if (!all || !one) return undefined
    return { first: all.first < one.first ? all.first : one.first, last: all.last > one.last ? all.last : one.last }
  }, bounds[0])
}

function boundsOf(group: ThriftStruct): ParquetSummary['range'] {
  const chunk = group.structs(1)[0]
  const metadata = chunk?.struct(3)
  if (!metadata?.has(12)) return undefined
  const statistics = metadata.struct(12)
  if (!statistics.has(5) || !statistics.has(6)) return undefined
  const [last, first] = [statistics.binary(5), statistics.binary(6)]
  if (first.length !== 8 || last.length !== 8) refuse('the bounds of its first column are no times')
  return { first: first.readBigInt64LE(), last: last.readBigInt64LE() }
}

function refuse(reason: string): never {
  throw packerErrors.create('packer.parquet-damaged', { part, reason })
}
