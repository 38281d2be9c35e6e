import { crc32c } from '@chronicle/base'
import {
  batchCrcStart,
  batchHeaderBytes,
  patchBatch,
  putBatchCrc,
  putBatchHeader,
  putBatchRecordCount,
} from './batch.ts'

const offsetsMax = 2 ** 31

/**
 * A batch without records that stands for offsets which were lost at the end of a partition, as Kafka keeps one where compaction
 * has removed the last records: consumers go on behind it, instead of waiting for what will never come.
 */
export function lostBatch(fromOffset: number, toOffset: number, leaderEpoch: number): Buffer {
  const batch = Buffer.alloc(batchHeaderBytes)
  putBatchHeader(batch, {
    bytes: batchHeaderBytes,
    attributes: 0,
    baseTimestamp: -1,
    maxTimestamp: -1,
    producerId: -1,
    producerEpoch: -1,
    baseSequence: -1,
    recordCount: Math.min(toOffset - fromOffset, offsetsMax),
  })
  putBatchRecordCount(batch, 0)
  patchBatch(batch, 0, fromOffset, leaderEpoch)
  putBatchCrc(batch, crc32c(batch.subarray(batchCrcStart)))
  return batch
}
