/** What the tests of the Parquet writer share: columns from lists, files in memory, and a reader of what is inside of pages. */
import assert from 'node:assert/strict'
import { crc32, gunzipSync, zstdDecompressSync } from 'node:zlib'
import { type AsyncBuffer, type Compressors, type FileMetaData, parquetMetadata, parquetReadObjects } from 'hyparquet'
import lz4 from 'lz4-napi'
import type { ColumnSpec, ColumnValues, ParquetOptions, ParquetType } from '../src/parquet/contract.ts'
import { createParquetWriter } from '../src/parquet/index.ts'

export type Value = bigint | number | boolean | string | Uint8Array | null
export type Column = { readonly spec: ColumnSpec; readonly values: readonly Value[] }

export function spec(name: string, type: ParquetType, more: Partial<ColumnSpec> = {}): ColumnSpec {
  return { name, type, nullable: false, codec: 'NONE', dictionary: true, statistics: true, ...more }
}

/** An Arrow array of `values`, with something in the places of nulls, which nobody is to look at. */
export function arrowOf(type: ParquetType, values: readonly Value[]): ColumnValues {
  const validity = bitmap(values.map(value => value !== null))
  switch (type) {
    case 'int64':
      return { validity, values: BigInt64Array.from(values, value => (value ?? -1n) as bigint) }
    case 'int32':
      return { validity, values: Int32Array.from(values, value => (value ?? -1) as number) }
    case 'double':
      return { validity, values: Float64Array.from(values, value => (value ?? -1) as number) }
    case 'boolean':
      return { validity, values: bitmap(values.map(value => value ?? true) as boolean[]) }
    default: {
      const parts = values.map(value => Buffer.from((value ?? 'null') as string))
      const offsets = new Int32Array(values.length + 1)
      for (const [at, part] of parts.entries()) offsets[at + 1] = offsets[at]! + part.length
      return { validity, values: { offsets, bytes: Buffer.concat(parts) } }
    }
  }
}

export function bitmap(bits: readonly boolean[]): Uint8Array {
  const bytes = new Uint8Array(Math.ceil(bits.length / 8))
  for (const [at, bit] of bits.entries()) if (bit) bytes[at >> 3]! |= 1 << (at & 7)
  return bytes
}

export type Settings = Partial<Omit<ParquetOptions, 'columns'>> & { readonly batchRows?: number }

/** A whole file of these columns, given to the writer in batches. */
export function writeFile(columns: readonly Column[], settings: Settings = {}): Buffer {
  const { batchRows = Number.POSITIVE_INFINITY, ...options } = settings
  const specs = columns.map(column => column.spec)
  const pieces: Uint8Array[] = []
  const writer = createParquetWriter(
    { columns: specs, rowGroupRows: 1000, pageBytes: 8192, keyValues: {}, ...options },
    piece => pieces.push(piece),
  )
  const rows = columns[0]!.values.length
  for (let from = 0; from < rows; from += batchRows) {
    const to = Math.min(from + batchRows, rows)
    const arrays = columns.map(column => arrowOf(column.spec.type, column.values.slice(from, to)))
    writer.write(arrays, to - from)
  }
  const summary = writer.finish()
  const file = Buffer.concat(pieces)
  assert.equal(summary.rows, rows)
  assert.equal(summary.bytes, file.length)
  return file
}

const compressors: Compressors = {
  GZIP: input => gunzipSync(input),
  ZSTD: input => zstdDecompressSync(input),
  LZ4_RAW: (input, length) => {
    const size = Buffer.alloc(4)
    size.writeUInt32LE(length)
    return lz4.uncompressSync(Buffer.concat([size, input]))
  },
}

const parsers = {
  timestampFromNanoseconds: (nanos: bigint) => nanos,
  jsonFromBytes: (bytes: Uint8Array) => Buffer.from(bytes).toString(),
}

/** The rows as hyparquet reads them: text for strings, numbers of nanoseconds, JSON as it was written. */
export function readRows(file: Buffer, more: object = {}): Promise<Record<string, unknown>[]> {
  return parquetReadObjects({ file: asyncBuffer(file), compressors, parsers, ...more })
}

export function asyncBuffer(file: Buffer): AsyncBuffer {
  return { byteLength: file.length, slice: (from, to) => Promise.resolve(arrayBuffer(file.subarray(from, to))) }
}

export function metadataOf(file: Buffer): FileMetaData {
  return parquetMetadata(arrayBuffer(file), { parsers })
}

export function arrayBuffer(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer
}

export type Struct = { readonly [id: number]: Thrift }
export type Thrift = number | bigint | boolean | Buffer | Thrift[] | Struct

/** A struct of Thrift's compact protocol, with its fields by id, and where it ends. */
export function readStruct(bytes: Buffer, from = 0): { struct: Struct; end: number } {
  let at = from
  const varint = (): bigint => {
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++]!
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
  }
  const zigzag = (): number => {
    const value = varint()
    return Number((value >> 1n) ^ -(value & 1n))
  }
  const value = (type: number): Thrift => {
    if (type === 1 || type === 2) return type === 1
    if (type >= 4 && type <= 6) return zigzag()
    if (type === 8) {
      const length = Number(varint())
      at += length
      return bytes.subarray(at - length, at)
    }
    if (type === 9) {
      const header = bytes[at++]!
      const length = header >> 4 === 15 ? Number(varint()) : header >> 4
      return Array.from({ length }, () => ((header & 15) === 1 ? bytes[at++] === 1 : value(header & 15)))
    }
    assert.equal(type, 12)
    return fields()
  }
  const fields = (): Struct => {
    const struct: Record<number, Thrift> = {}
    for (let id = 0; ; ) {
      const header = bytes[at++]!
      if (header === 0) return struct
      id = header >> 4 === 0 ? zigzag() : id + (header >> 4)
      struct[id] = value(header & 15)
    }
  }
  const struct = fields()
  return { struct, end: at }
}

export type ReadPage = {
  readonly header: Struct
  readonly offset: number
  /** With the header. */
  readonly length: number
  /** As it stands in the file. */
  readonly body: Buffer
}

/** The pages between two places of a plain file; their checksums are those of their bytes. */
export function readPages(file: Buffer, from: number, to: number): ReadPage[] {
  const pages: ReadPage[] = []
  for (let offset = from; offset < to; ) {
    const { struct: header, end } = readStruct(file, offset)
    const body = file.subarray(end, end + (header[3] as number))
    assert.equal(header[4], crc32(body) | 0)
    pages.push({ header, offset, length: end + body.length - offset, body })
    offset = end + body.length
  }
  return pages
}

/** The pages of one column chunk of a plain file: dictionary first, where there is one. */
export function pagesOf(file: Buffer, rowGroup: number, column: number): ReadPage[] {
  const meta = metadataOf(file).row_groups[rowGroup]!.columns[column]!.meta_data!
  const from = Number(meta.dictionary_page_offset ?? meta.data_page_offset)
  return readPages(file, from, from + Number(meta.total_compressed_size))
}
