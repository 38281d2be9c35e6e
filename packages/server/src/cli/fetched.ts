import type { Consumer } from '@platformatic/kafka'
import type { ReadRecord } from './record-format.ts'

export type FetchResponse = Awaited<ReturnType<Consumer['fetch']>>
export type FetchedPartition = FetchResponse['responses'][number]['partitions'][number]
type Batch = NonNullable<FetchedPartition['records']>[number]

/** Bits of a batch's attributes. */
const logAppendTime = 0x08
const isTransactional = 0x10
const isControl = 0x20
const noBytes = Buffer.alloc(0)
/** Type of the control record that ends a transaction without its records. */
const abortMarker = 0

/** A record with the names of its headers as the bytes that came. */
export type FetchedRecord = Pick<ReadRecord, 'offset' | 'timestamp' | 'key' | 'value'> & {
  readonly headers: readonly (readonly [Buffer, Buffer | null])[]
}

/** The records of a fetched partition from `position` on, without markers and without those of aborted transactions. */
export function* fetchedRecords(partition: FetchedPartition, position: number): Generator<FetchedRecord> {
  const aborted = new AbortedTransactions(partition)
  for (const batch of partition.records ?? []) {
    if (aborted.hides(batch)) continue
    for (const record of batch.records) {
      const offset = Number(batch.firstOffset) + record.offsetDelta
      if (offset < position) continue
      const isAppendTime = (batch.attributes & logAppendTime) !== 0
      yield {
        offset,
        timestamp: Number(isAppendTime ? batch.maxTimestamp : batch.firstTimestamp + record.timestampDelta),
        key: record.key,
        value: record.value,
        headers: record.headers.map(([name, value]) => [name ?? noBytes, value]),
      }
    }
  }
}

/** The same for people: names of headers as text. */
export function* recordsOf(topic: string, partition: FetchedPartition, position: number): Generator<ReadRecord> {
  for (const { headers, ...record } of fetchedRecords(partition, position)) {
    yield {
      topic,
      partition: partition.partitionIndex,
      ...record,
      headers: headers.map(([name, value]) => [String(name), value]),
    }
  }
}

/** Offset after the last batch of a fetched partition, or `position` when nothing came. */
export function nextPosition(partition: FetchedPartition, position: number): number {
  const last = partition.records?.at(-1)
  return last === undefined ? position : Math.max(position, Number(last.firstOffset) + last.lastOffsetDelta + 1)
}

/** Which transactions are open and known to be aborted, batch by batch (KIP-98). */
class AbortedTransactions {
  readonly #upcoming: { producerId: bigint; firstOffset: bigint }[]
  readonly #open = new Set<bigint>()

  constructor({ abortedTransactions }: FetchedPartition) {
    this.#upcoming = [...(abortedTransactions ?? [])].sort((a, b) => Number(a.firstOffset - b.firstOffset))
  }

  hides(batch: Batch): boolean {
    const lastOffset = batch.firstOffset + BigInt(batch.lastOffsetDelta)
    while (this.#upcoming[0] && this.#upcoming[0].firstOffset <= lastOffset) {
      this.#open.add(this.#upcoming.shift()!.producerId)
    }
    if (batch.attributes & isControl) {
      if (batch.records[0]?.key?.readInt16BE(2) === abortMarker) this.#open.delete(batch.producerId)
      return true
    }
    return (batch.attributes & isTransactional) !== 0 && this.#open.has(batch.producerId)
  }
}
