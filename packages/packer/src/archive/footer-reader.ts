/** What a Parquet file's footer says of its rows: as much of Thrift's compact protocol as it takes to check a file that was just written. */
import { packerErrors } from '../errors.ts'

type Struct = { readonly [id: number]: Thrift }
type Thrift = number | bigint | boolean | Buffer | readonly Thrift[] | Struct

const trailerBytes = 8

export type ParquetSummary = {
  readonly rows: number
  /** Of the first column, where all row groups have statistics of it. */
  readonly range?: { readonly first: bigint; readonly last: bigint } | undefined
}

/** `tail` is the end of a plain file. Throws `packer.verification-failed`. */
export function readParquetSummary(tail: Buffer): ParquetSummary {
  const length = tail.length < trailerBytes ? 0 : tail.readUInt32LE(tail.length - trailerBytes)
  const from = tail.length - trailerBytes - length
  if (tail.toString('latin1', tail.length - 4) !== 'PAR1' || from < 0) {
    throw packerErrors.create('packer.verification-failed', { reason: 'the footer of a Parquet file is missing' })
  }
  const metadata = new CompactReader(tail.subarray(from, tail.length - trailerBytes)).struct()
  const groups = metadata[4] as readonly Struct[]
  const rows = groups.reduce((sum, group) => sum + Number(group[3]), 0)
  if (rows !== Number(metadata[3])) {
    throw packerErrors.create('packer.verification-failed', {
      reason: 'the row groups of a Parquet file are not its rows',
    })
  }
  return { rows, range: rangeOf(groups) }
}

function rangeOf(groups: readonly Struct[]): ParquetSummary['range'] {
  const bounds = groups.map(group => {
    const chunk = (group[1] as readonly Struct[])[0]![3] as Struct
    const statistics = chunk[12] as Struct | undefined
    const [last, first] = [statistics?.[5], statistics?.[6]]
    if (!Buffer.isBuffer(first) || !Buffer.isBuffer(last)) return undefined
    return { first: first.readBigInt64LE(), last: last.readBigInt64LE() }
  })
  return bounds.reduce((all, one) => {
    if (!all || !one) return undefined
    return { first: all.first < one.first ? all.first : one.first, last: all.last > one.last ? all.last : one.last }
  }, bounds[0])
}

/** Structs by the ids of their fields. Reads within its bytes only: behind them a varint ends in a RangeError. */
class CompactReader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  struct(): Struct {
    const fields: Record<number, Thrift> = {}
    for (let id = 0; ; ) {
      const header = this.#byte()
      if (header === 0) return fields
      id = header >> 4 === 0 ? Number(this.#zigzag()) : id + (header >> 4)
      fields[id] = this.#value(header & 15)
    }
  }

  #value(type: number): Thrift {
    if (type === 1 || type === 2) return type === 1
    if (type === 3) return this.#byte()
    if (type >= 4 && type <= 6) return this.#zigzag()
    if (type === 8) return this.#take(Number(this.#varint()))
    if (type === 9) return this.#list()
    if (type === 12) return this.struct()
    throw packerErrors.create('packer.verification-failed', { reason: 'the footer of a Parquet file is not readable' })
  }

  #list(): Thrift[] {
    const header = this.#byte()
    const length = header >> 4 === 15 ? Number(this.#varint()) : header >> 4
    const type = header & 15
    return Array.from({ length }, () => (type <= 2 ? this.#byte() === 1 : this.#value(type)))
  }

  #take(length: number): Buffer {
    this.#at += length
    return this.#bytes.subarray(this.#at - length, this.#at)
  }

  #varint(): bigint {
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.#byte()
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
  }

  #zigzag(): bigint {
    const value = this.#varint()
    return (value >> 1n) ^ -(value & 1n)
  }

  #byte(): number {
    return this.#bytes.readUInt8(this.#at++)
  }
}
