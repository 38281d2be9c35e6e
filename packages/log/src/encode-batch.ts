import { crc32c } from '@chronicle/base'
import { batchCrcStart, batchHeaderBytes, putBatchCrc, putBatchHeader } from './batch.ts'
import { putVarint } from './varint.ts'

/** A varint of 32 bits takes no more. */
const varintBytesMax = 5

/** A record as this process itself writes it. */
export type PlainRecord = { readonly key: Buffer; readonly value: Buffer }

/** What a record of a batch takes at most besides its key and value: four varints of 32 bits, attributes, and two that are 0. */
export const recordOverheadBytesMax = 4 * varintBytesMax + 3

/** A record batch of one record, as {@link encodeRecords}. */
export function encodeRecord(key: Buffer, value: Buffer, timestamp: number): Buffer {
  return encodeRecords([{ key, value }], timestamp)
}

/**
 * A record batch of one record and more, as this process itself writes it: uncompressed, without producer and headers. `records.ts` draws the record.
 * `timestamp`, the same for all of them, is in milliseconds since the epoch.
 */
export function encodeRecords(records: readonly PlainRecord[], timestamp: number): Buffer {
  const parts = records.flatMap(({ key, value }, offsetDelta) => recordParts(key, value, offsetDelta))
  const batch = Buffer.concat([Buffer.alloc(batchHeaderBytes), ...parts])
  const times = { baseTimestamp: timestamp, maxTimestamp: timestamp }
  const noProducer = { producerId: -1, producerEpoch: -1, baseSequence: -1 }
  putBatchHeader(batch, { bytes: batch.length, attributes: 0, ...times, ...noProducer, recordCount: records.length })
  putBatchCrc(batch, crc32c(batch.subarray(batchCrcStart)))
  return batch
}

function recordParts(key: Buffer, value: Buffer, offsetDelta: number): Buffer[] {
  // Attributes and timestampDelta are 0, a byte each; so is the number of headers at the end.
  const head = Buffer.concat([Buffer.alloc(2), varint(offsetDelta), varint(key.length), key, varint(value.length)])
  return [varint(head.length + value.length + 1), head, value, varint(0)]
}

function varint(value: number): Buffer {
  const bytes = Buffer.alloc(varintBytesMax)
  return bytes.subarray(0, putVarint(bytes, 0, value))
}
