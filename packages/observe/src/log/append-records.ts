import { assert, type Clock } from '@chronicle/base'
import { batchHeaderBytes, encodeRecords, type Log, type PlainRecord, recordOverheadBytesMax } from '@chronicle/log'
import { batchBytesMax, type OwnTopics } from './topics.ts'

/** Records go together up to this size; a larger one goes alone. */
const togetherBytesMax = 1024 * 1024

/**
 * Appends records to `topic`, in order, in as few batches as they fit. Resolves once all are durable. Rejects as the log does: the first of them may have been appended then. `onAppended` is told how many were, batch by batch.
 */
export async function appendRecords(
  { log, clock, topics }: { readonly log: Log; readonly clock: Clock; readonly topics: OwnTopics },
  topic: string,
  records: readonly PlainRecord[],
  onAppended: (records: readonly PlainRecord[]) => void = () => undefined,
): Promise<void> {
  const durable: Promise<void>[] = []
  try {
    for (const batch of batchesOf(records)) {
      while (!log.ready) await log.whenReady()
      const partition = await topics.partition(topic)
      durable.push(partition.append(encodeRecords(batch, clock.now())).durable)
      onAppended(batch)
    }
  } finally {
    // Also where a later append is refused: nobody else would hear of these.
    await Promise.all(durable)
  }
}

function batchesOf(records: readonly PlainRecord[]): PlainRecord[][] {
  const batches: PlainRecord[][] = []
  let bytes = Number.POSITIVE_INFINITY
  for (const record of records) {
    const length = record.key.length + record.value.length + recordOverheadBytesMax
    assert(batchHeaderBytes + length <= batchBytesMax, 'events and letters have limits below that of a batch')
    if (bytes + length > togetherBytesMax) {
      batches.push([])
      bytes = batchHeaderBytes
    }
    batches.at(-1)!.push(record)
    bytes += length
  }
  return batches
}
