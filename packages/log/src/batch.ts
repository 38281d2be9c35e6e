/**
 * ```text
 * record batch, magic 2, big-endian (KIP-98; Kafka documentation, "Record Batch")
 * OFFSET SIZE  FIELD
 *      0    8  baseOffset             set by the broker
 *      8    4  batchLength            bytes after this field
 *     12    4  partitionLeaderEpoch   set by the broker
 *     16    1  magic                  2
 *     17    4  crc                    CRC-32C of byte 21 to the end
 *     21    2  attributes             bits 0–2 compression, 3 timestamp type, 4 transactional, 5 control, 6 delete horizon
 *     23    4  lastOffsetDelta
 *     27    8  baseTimestamp
 *     35    8  maxTimestamp
 *     43    8  producerId             −1 = none
 *     51    2  producerEpoch
 *     53    4  baseSequence
 *     57    4  recordCount
 *     61    n  records                compressed as one piece where attributes say so
 * ```
 * What the broker sets lies before the CRC, so patching it leaves the CRC as it was. Accessors take a buffer and where the batch
 * begins in it, and allocate nothing.
 */
import { assert } from '@chronicle/base'

export const batchHeaderBytes = 61
/** Bytes before `batchLength` counts. */
export const batchPreludeBytes = 12
/** From here on the CRC covers. */
export const batchCrcStart = 21
export const batchMagic = 2

const at = {
  baseOffset: 0,
  batchLength: 8,
  partitionLeaderEpoch: 12,
  magic: 16,
  crc: 17,
  attributes: 21,
  lastOffsetDelta: 23,
  baseTimestamp: 27,
  maxTimestamp: 35,
  producerId: 43,
  producerEpoch: 51,
  baseSequence: 53,
  recordCount: 57,
}
assert(at.recordCount + 4 === batchHeaderBytes, 'a record batch header is 61 bytes')

export const compressionMask = 0x07
export const timestampTypeFlag = 0x08
export const transactionalFlag = 0x10
export const controlFlag = 0x20

export const batchBaseOffset = (b: Buffer, start: number): number => int64At(b, start + at.baseOffset)
/** Bytes of the whole batch, its first 12 included. */
export const batchBytes = (b: Buffer, start: number): number =>
  b.readInt32BE(start + at.batchLength) + batchPreludeBytes
export const batchLeaderEpoch = (b: Buffer, start: number): number => b.readInt32BE(start + at.partitionLeaderEpoch)
export const batchMagicOf = (b: Buffer, start: number): number => b.readInt8(start + at.magic)
export const batchCrc = (b: Buffer, start: number): number => b.readUInt32BE(start + at.crc)
export const batchAttributes = (b: Buffer, start: number): number => b.readInt16BE(start + at.attributes)
export const batchLastOffsetDelta = (b: Buffer, start: number): number => b.readInt32BE(start + at.lastOffsetDelta)
export const batchBaseTimestamp = (b: Buffer, start: number): number => int64At(b, start + at.baseTimestamp)
export const batchMaxTimestamp = (b: Buffer, start: number): number => int64At(b, start + at.maxTimestamp)
export const batchProducerId = (b: Buffer, start: number): number => int64At(b, start + at.producerId)
export const batchProducerEpoch = (b: Buffer, start: number): number => b.readInt16BE(start + at.producerEpoch)
export const batchBaseSequence = (b: Buffer, start: number): number => b.readInt32BE(start + at.baseSequence)
export const batchRecordCount = (b: Buffer, start: number): number => b.readInt32BE(start + at.recordCount)

export const batchCompression = (b: Buffer, start: number): number => batchAttributes(b, start) & compressionMask
export const batchIsTransactional = (b: Buffer, start: number): boolean =>
  (batchAttributes(b, start) & transactionalFlag) !== 0
export const batchIsControl = (b: Buffer, start: number): boolean => (batchAttributes(b, start) & controlFlag) !== 0
/** Offset after the last record of the batch. */
export const batchEndOffset = (b: Buffer, start: number): number =>
  batchBaseOffset(b, start) + batchLastOffsetDelta(b, start) + 1

/** Sets what the broker owns. */
export function patchBatch(b: Buffer, start: number, baseOffset: number, leaderEpoch: number): void {
  putInt64(b, start + at.baseOffset, baseOffset)
  b.writeInt32BE(leaderEpoch, start + at.partitionLeaderEpoch)
}

/** Fields of a batch header, for those that make batches. */
export type BatchFields = {
  readonly bytes: number
  readonly attributes: number
  readonly baseTimestamp: number
  readonly maxTimestamp: number
  readonly producerId: number
  readonly producerEpoch: number
  readonly baseSequence: number
  readonly recordCount: number
}

/** Writes a header for an unplaced batch: base offset 0, leader epoch −1. The CRC is the caller's, with {@link putBatchCrc}. */
export function putBatchHeader(b: Buffer, fields: BatchFields): void {
  patchBatch(b, 0, 0, -1)
  b.writeInt32BE(fields.bytes - batchPreludeBytes, at.batchLength)
  b[at.magic] = batchMagic
  b.writeInt16BE(fields.attributes, at.attributes)
  b.writeInt32BE(fields.recordCount - 1, at.lastOffsetDelta)
  putInt64(b, at.baseTimestamp, fields.baseTimestamp)
  putInt64(b, at.maxTimestamp, fields.maxTimestamp)
  putInt64(b, at.producerId, fields.producerId)
  b.writeInt16BE(fields.producerEpoch, at.producerEpoch)
  b.writeInt32BE(fields.baseSequence, at.baseSequence)
  b.writeInt32BE(fields.recordCount, at.recordCount)
}

export function putBatchMaxTimestamp(b: Buffer, timestamp: number): void {
  putInt64(b, at.maxTimestamp, timestamp)
}

export function putBatchRecordCount(b: Buffer, count: number): void {
  b.writeInt32BE(count, at.recordCount)
}

export function putBatchCrc(b: Buffer, crc: number): void {
  b.writeUInt32BE(crc, at.crc)
}

/** A signed 64-bit integer as a number: exact up to 2^53, the nearest double beyond. */
export function int64At(b: Buffer, start: number): number {
  return b.readInt32BE(start) * 0x1_0000_0000 + b.readUInt32BE(start + 4)
}

export function putInt64(b: Buffer, start: number, value: number): void {
  b.writeInt32BE(Math.floor(value / 0x1_0000_0000), start)
  b.writeUInt32BE(value >>> 0, start + 4)
}
