import { assert } from '@chronicle/base'
import { batchHeaderBytes, type PlainRecord, recordOverheadBytesMax } from '@chronicle/log'
import { batchBytesMax } from './topics.ts'

/** Cuts records into stretches that fit record batches of the topics that observe writes, in order. */
export function batchesOf(records: readonly PlainRecord[]): PlainRecord[][] {
  const batches: PlainRecord[][] = []
  let bytes = batchBytesMax
  for (const record of records) {
    const length = record.key.length + record.value.length + recordOverheadBytesMax
    assert(batchHeaderBytes + length <= batchBytesMax, 'events and letters have limits below that of a batch')
    if (bytes + length > batchBytesMax) {
      batches.push([])
      bytes = batchHeaderBytes
    }
    batches.at(-1)!.push(record)
    bytes += length
  }
  return batches
}
