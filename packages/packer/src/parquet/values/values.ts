/**
 * The values of one column of one row group, without its nulls: what pages, dictionary, bounds and bloom filter are made from. A value
 * is named by its index.
 */
import type { ByteBuffer } from '../byte-buffer.ts'
import type { ColumnValues } from '../contract.ts'
import type { Hash64 } from '../xxhash64.ts'

export type Values = {
  readonly count: number
  /** Takes the values `from` to `to` of an Arrow array. */
  append(source: ColumnValues['values'], from: number, to: number): void
  clear(): void
  /** Bytes that an Arrow array's values `from` to `to` take here. */
  sizeOf(source: ColumnValues['values'], from: number, to: number): number
  /** Bits that a value takes in the PLAIN encoding. */
  plainBits(index: number): number
  /** The same of all values together. */
  readonly plainBitsOfAll: number
  writePlain(out: ByteBuffer, from: number, to: number): void
  /** The value's bytes as statistics hold them: PLAIN, but for the length in front of a byte array. */
  bytesOf(index: number): Uint8Array
  /** Whether the value has a place in the order: everything but NaN. */
  isOrdered(index: number): boolean
  /** Negative, 0 or positive, in the order that Parquet defines for the type. */
  compare(a: number, b: number): number
  /** 32 bits for a hash table in memory. */
  hash(index: number): number
  /** The same bytes: stricter than `compare`, which holds 0 and -0 to be equal. */
  equal(a: number, b: number): boolean
  /** XXH64 with seed 0 of the value's bytes. */
  hash64(index: number, into: Hash64): void
}
