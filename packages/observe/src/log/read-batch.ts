import type { Partition } from '@chronicle/log'
import type { DeadLetter, LogPosition, SwarmEvent } from '../contract.ts'
import { readRecords } from './read-records.ts'
import { eventOf, unreadableLetter } from './record-event.ts'

/** One read of the log. */
const readBytesMax = 1024 * 1024

const turn = (): Promise<void> => new Promise(resolve => void setImmediate(resolve))

/** What is read at once and written in one transaction. */
export type BatchLimits = {
  /** Events and refused records together. */
  readonly eventsMax: number
  /** Their bytes as the log holds them: the last one may pass it. */
  readonly bytesMax: number
}

/** Where to read on in a partition. */
export type Cursor = {
  readonly partition: Partition
  readonly offset: number
  /** Nothing at or above is read. */
  readonly end: number
}

/** What was read from one partition, in the order of the log. */
export type PartitionBatch = {
  readonly events: readonly SwarmEvent[]
  readonly refused: readonly DeadLetter[]
  /** Behind what was read. */
  readonly position: LogPosition
  readonly bytes: number
}

/**
 * Reads events from the cursor on until the limits, or its end, are reached; at least one record if there is one. `refusedMicros` is when refused records are
 * said to have been refused. Rejects as `Partition.read` does.
 */
export async function readBatch(cursor: Cursor, limits: BatchLimits, refusedMicros: number): Promise<PartitionBatch> {
  const { partition, end } = cursor
  const events: SwarmEvent[] = []
  const refused: DeadLetter[] = []
  let bytes = 0
  const hasRoom = (): boolean => events.length + refused.length < limits.eventsMax && bytes < limits.bytesMax
  const visitor = {
    record(record: Parameters<typeof eventOf>[1]): boolean {
      if (record.offset >= end) return false
      const read = eventOf(partition, record, refusedMicros)
      if ('event' in read) events.push(read.event)
      else refused.push(read.refused)
      bytes += record.value?.length ?? 0
      return hasRoom() && record.offset + 1 < end
    },
    unreadable(records: Parameters<typeof unreadableLetter>[1]): boolean {
      refused.push(unreadableLetter(partition, records, refusedMicros))
      bytes += records.batch.length
      return hasRoom()
    },
  }
  let offset = cursor.offset
  while (offset < end && hasRoom()) {
    const next = await readRecords(partition, offset, readBytesMax, visitor)
    if (next === offset) break
    offset = Math.min(next, end)
    // What is in memory is read without a wait, and 8 MiB of hostile JSON take seconds: others have their turn between.
    if (offset < end && hasRoom()) await turn()
  }
  const position = { topicId: partition.topicId, partition: partition.index, offset }
  return { events, refused, position, bytes }
}
