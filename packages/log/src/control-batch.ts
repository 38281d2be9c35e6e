/**
 * ```text
 * control batch of a transaction (KIP-98): attributes transactional and control, one record
 *   key    version int16 (0), type int16 (0 abort, 1 commit)
 *   value  version int16 (0), coordinatorEpoch int32
 * ```
 */
import { crc32c } from '@chronicle/base'
import {
  batchCrcStart,
  batchHeaderBytes,
  controlFlag,
  putBatchCrc,
  putBatchHeader,
  transactionalFlag,
} from './batch.ts'
import { logErrors } from './errors.ts'
import { RecordReader } from './records.ts'

/** A transaction marker, as the coordinator wants it written. */
export type Marker = {
  readonly producerId: number
  readonly producerEpoch: number
  readonly coordinatorEpoch: number
  readonly type: 'commit' | 'abort'
  readonly timestamp: number
}

/** length, attributes, timestampDelta, offsetDelta, key length, key (4), value length, value (6), header count. */
const recordBytes = 1 + 1 + 1 + 1 + 1 + 4 + 1 + 6 + 1
const types = { abort: 0, commit: 1 } as const

export function encodeMarker(marker: Marker): Buffer {
  const bytes = batchHeaderBytes + recordBytes
  const batch = Buffer.alloc(bytes)
  putBatchHeader(batch, {
    bytes,
    attributes: transactionalFlag | controlFlag,
    baseTimestamp: marker.timestamp,
    maxTimestamp: marker.timestamp,
    producerId: marker.producerId,
    producerEpoch: marker.producerEpoch,
    baseSequence: -1,
    recordCount: 1,
  })
  const record = batchHeaderBytes
  batch[record] = (recordBytes - 1) * 2
  batch[record + 4] = 4 * 2
  batch.writeInt16BE(types[marker.type], record + 7)
  batch[record + 9] = 6 * 2
  batch.writeInt32BE(marker.coordinatorEpoch, record + 12)
  putBatchCrc(batch, crc32c(batch.subarray(batchCrcStart)))
  return batch
}

/** What the control batch at `start` says; undefined for a control batch of another kind. */
export function decodeMarker(
  bytes: Buffer,
  start: number,
): { type: Marker['type']; coordinatorEpoch: number } | undefined {
  const reader = new RecordReader(bytes, start, batchHeaderBytes)
  reader.next()
  const { key, value } = reader
  if (!key || key.length < 4)
    throw logErrors.create('log.invalid-record', { field: 'control record key', value: key?.length })
  const type = key.readInt16BE(2)
  if (type !== types.abort && type !== types.commit) return undefined
  if (!value || value.length < 6)
    throw logErrors.create('log.invalid-record', { field: 'control record value', value: value?.length })
  return { type: type === types.abort ? 'abort' : 'commit', coordinatorEpoch: value.readInt32BE(2) }
}
