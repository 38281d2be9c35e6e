/** Record batches as clients of Kafka send them: compressed, transactional, or not to be read. */
import { gzipSync } from 'node:zlib'
import { crc32c } from '@chronicle/base'
import { batchHeaderBytes, encodeRecords } from '@chronicle/log'

const crcAt = 17
const crcStart = 21
const attributesAt = 21
const baseTimestampAt = 27
const maxTimestampAt = 35
const producerIdAt = 43
const producerEpochAt = 51
const baseSequenceAt = 53
const gzip = 1
const transactional = 0x10

export type ClientBatch = {
  readonly values: readonly string[]
  readonly timestamp: number
  readonly isCompressed?: boolean
  /** Bytes in place of the compressed records. */
  readonly records?: Buffer
  readonly transaction?: { readonly producerId: number; readonly baseSequence: number }
}

export function clientBatch({ values, timestamp, isCompressed = false, records, transaction }: ClientBatch): Buffer {
  const plain = encodeRecords(
    values.map(value => ({ key: Buffer.from('key'), value: Buffer.from(value) })),
    Math.max(0, timestamp),
  )
  const body = plain.subarray(batchHeaderBytes)
  const batch = Buffer.concat([plain.subarray(0, batchHeaderBytes), records ?? (isCompressed ? gzipSync(body) : body)])
  batch.writeInt32BE(batch.length - 12, 8)
  batch.writeInt16BE((isCompressed || records ? gzip : 0) | (transaction ? transactional : 0), attributesAt)
  if (timestamp < 0) for (const at of [baseTimestampAt, maxTimestampAt]) batch.writeBigInt64BE(-1n, at)
  if (transaction) {
    batch.writeBigInt64BE(BigInt(transaction.producerId), producerIdAt)
    batch.writeInt16BE(0, producerEpochAt)
    batch.writeInt32BE(transaction.baseSequence, baseSequenceAt)
  }
  batch.writeUInt32BE(crc32c(batch.subarray(crcStart)), crcAt)
  return batch
}
