/** Columns as the writer takes them: in the memory layout of Arrow, so that values are copied many at once and none becomes an object. */
import type { KeyObject } from 'node:crypto'
import type { Random } from '@chronicle/base'

export type ParquetType = 'int64' | 'int32' | 'double' | 'boolean' | 'string' | 'binary'
export type ParquetCodec = 'NONE' | 'SNAPPY' | 'GZIP' | 'LZ4' | 'ZSTD'

export type ColumnSpec = {
  readonly name: string
  readonly type: ParquetType
  readonly nullable: boolean
  /** What the values mean, beside their type: TIMESTAMP(NANOS, UTC) on int64, JSON on string. */
  readonly meaning?: 'timestamp_ns' | 'json' | undefined
  readonly codec: ParquetCodec
  /** For codecs that take one. */
  readonly codecLevel?: number | undefined
  /** Tried for every row group, and left where it saves nothing or grows too large. Booleans have none. */
  readonly dictionary: boolean
  readonly statistics: boolean
  /** A split-block bloom filter with this share of false positives. */
  readonly bloomFpp?: number | undefined
}

/** Values of one column. Rows that `validity` (Arrow's bitmap, least significant bit first) says are null have no meaning in `values`. */
export type ColumnValues = {
  readonly validity?: Uint8Array | undefined
  readonly values:
    | BigInt64Array
    | Int32Array
    | Float64Array
    /** Booleans, a bit each, least significant first. */
    | Uint8Array
    | { readonly offsets: Int32Array; readonly bytes: Uint8Array }
}

export type ParquetOptions = {
  readonly columns: readonly ColumnSpec[]
  /** Rows of every row group but the last, and but one that would outgrow memory. */
  readonly rowGroupRows: number
  /** Size at which a data page is ended, before compression. */
  readonly pageBytes: number
  readonly keyValues: Readonly<Record<string, string>>
  /** Columns without nulls that the rows are meant to be sorted by, ascending. The file says so of every row group in which they are. */
  readonly sortedBy?: readonly string[] | undefined
  /** The format's own modular encryption, AES_GCM_V1, one key for footer and columns; plain files when left out. */
  readonly encryption?: ParquetEncryption | undefined
}

export type ParquetEncryption = {
  readonly key: KeyObject
  /** Stands in the file: how a reader finds the key. */
  readonly keyMetadata: Uint8Array
  /** Eight random bytes for each file. */
  readonly aadFileUnique: Uint8Array
  /** Where the nonces come from: never a seeded one, but in tests. */
  readonly random: Random
}

/** Writes one file, row group by row group. Synchronous: call it on a worker thread. */
export type ParquetWriter = {
  /** Rows so far, and bytes given to the sink. */
  readonly rows: number
  readonly bytes: number
  /** Takes `rows` rows, all columns in the order of the options; writes row groups as they fill. */
  write(columns: readonly ColumnValues[], rows: number): void
  /** Writes the rest, indexes, bloom filters and the footer. */
  finish(): ParquetEnd
}

/** `footerBytes` are those at the end of the file that say where everything is. */
export type ParquetEnd = {
  readonly rows: number
  readonly bytes: number
  readonly rowGroups: number
  readonly footerBytes: number
}
