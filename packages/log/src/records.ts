/**
 * ```text
 * record (KIP-98); all lengths and deltas are zigzag varints
 *   length, attributes (1 byte, 0), timestampDelta, offsetDelta, keyLength, key, valueLength, value,
 *   headerCount, then for each header: keyLength, key, valueLength, value
 * ```
 * A length of −1 is null. The length of a record counts the bytes after it.
 */
import {
  batchBaseOffset,
  batchBaseTimestamp,
  batchBytes,
  batchCompression,
  batchHeaderBytes,
  batchRecordCount,
} from './batch.ts'
import { codecs, decompress } from './compression.ts'
import { logErrors } from './errors.ts'
import { Cursor } from './varint.ts'

/** One header of a record. The value is null where the producer gave none. */
export type RecordHeader = { readonly key: string; readonly value: Buffer | null }

/**
 * Walks the records of one batch: `while (reader.next()) { reader.offset … }`. The fields are those of the current record;
 * keys and values are views of the (decompressed) batch, made when asked for.
 */
export class RecordReader {
  readonly #cursor: Cursor
  readonly #baseOffset: number
  readonly #baseTimestamp: number
  #left: number
  #keyStart = 0
  #keyLength = -1
  #valueStart = 0
  #valueLength = -1
  #headersStart = 0
  offset = -1
  timestamp = -1

  /** The batch begins at `start` of `bytes`; its header has been checked. Throws as `decompress` does. */
  constructor(bytes: Buffer, start: number, decompressedBytesMax: number) {
    const codec = codecs[batchCompression(bytes, start)]
    if (!codec) throw logErrors.create('log.invalid-record', { field: 'attributes', reason: 'unknown compression' })
    const end = start + batchBytes(bytes, start)
    this.#baseOffset = batchBaseOffset(bytes, start)
    this.#baseTimestamp = batchBaseTimestamp(bytes, start)
    this.#left = batchRecordCount(bytes, start)
    if (codec === 'none') {
      this.#cursor = new Cursor(bytes, start + batchHeaderBytes, end)
    } else {
      const records = decompress(codec, bytes.subarray(start + batchHeaderBytes, end), decompressedBytesMax)
      this.#cursor = new Cursor(records, 0, records.length)
    }
  }

  /** Moves to the next record; false after the last. Throws 'log.invalid-record' where the bytes are none. */
  next(): boolean {
    if (this.#left === 0) return this.#atEnd()
    this.#left--
    const cursor = this.#cursor
    const length = cursor.varint()
    const end = cursor.at + length
    if (cursor.at < 0 || length < 1 || end > cursor.end) throw this.#invalid('length')
    cursor.at++
    this.timestamp = this.#baseTimestamp + cursor.varlong()
    this.offset = this.#baseOffset + cursor.varint()
    this.#keyLength = cursor.varint()
    this.#keyStart = cursor.at
    if (this.#keyLength > 0) cursor.at += this.#keyLength
    this.#valueLength = cursor.varint()
    this.#valueStart = cursor.at
    if (this.#valueLength > 0) cursor.at += this.#valueLength
    if (cursor.at < 0 || cursor.at > end || this.#keyLength < -1 || this.#valueLength < -1) throw this.#invalid('value')
    this.#headersStart = cursor.at
    cursor.at = end
    return true
  }

  get key(): Buffer | null {
    return this.#keyLength < 0 ? null : this.#cursor.bytes.subarray(this.#keyStart, this.#keyStart + this.#keyLength)
  }

  get hasKey(): boolean {
    return this.#keyLength >= 0
  }

  get value(): Buffer | null {
    if (this.#valueLength < 0) return null
    return this.#cursor.bytes.subarray(this.#valueStart, this.#valueStart + this.#valueLength)
  }

  headers(): RecordHeader[] {
    const cursor = new Cursor(this.#cursor.bytes, this.#headersStart, this.#cursor.at)
    const count = cursor.varint()
    if (cursor.at < 0 || count < 0 || count > cursor.end - cursor.at) throw this.#invalid('headers')
    const headers: RecordHeader[] = []
    for (let n = 0; n < count; n++) {
      const key = this.#field(cursor)
      const value = this.#field(cursor)
      if (key === null) throw this.#invalid('headers')
      headers.push({ key: key.toString('utf8'), value })
    }
    return headers
  }

  #field(cursor: Cursor): Buffer | null {
    const length = cursor.varint()
    if (cursor.at < 0 || length < -1 || length > cursor.end - cursor.at) throw this.#invalid('headers')
    if (length === -1) return null
    cursor.at += length
    return cursor.bytes.subarray(cursor.at - length, cursor.at)
  }

  #atEnd(): false {
    if (this.#cursor.at !== this.#cursor.end) throw this.#invalid('recordCount')
    return false
  }

  #invalid(field: string): Error {
    return logErrors.create('log.invalid-record', { field, recordsLeft: this.#left, at: this.#cursor.at })
  }
}
