import { crc32c } from '@chronicle/base'
import { batchCrcStart, batchHeaderBytes, putBatchCrc, putBatchHeader } from './batch.ts'
import { putVarint } from './varint.ts'

/** A varint of 32 bits takes no more. */
const varintBytesMax = 5

/**
 * A record batch of one record, as this process itself writes it: uncompressed, without producer and headers. `records.ts` draws the record.
 * `timestamp` is in milliseconds since the epoch.
 */
export function encodeRecord(key: Buffer, value: Buffer, timestamp: number): Buffer {
  // attributes, timestampDelta and offsetDelta are 0, a byte each.
  const body = Buffer.concat([Buffer.alloc(3), varint(key.length), key, varint(value.length), value, varint(0)])
  const records = Buffer.concat([varint(body.length), body])
  const bytes = batchHeaderBytes + records.length
  const batch = Buffer.alloc(bytes)
  const times = { baseTimestamp: timestamp, maxTimestamp: timestamp }
  const noProducer = { producerId: -1, producerEpoch: -1, baseSequence: -1 }
  putBatchHeader(batch, { bytes, attributes: 0, ...times, ...noProducer, recordCount: 1 })
  records.copy(batch, batchHeaderBytes)
  putBatchCrc(batch, crc32c(batch.subarray(batchCrcStart)))
  return batch
}

function varint(value: number): Buffer {
  const bytes = Buffer.alloc(varintBytesMax)
  return bytes.subarray(0, putVarint(bytes, 0, value))
}
