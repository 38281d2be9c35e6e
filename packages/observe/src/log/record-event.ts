import type { Partition } from '@chronicle/log'
import type { DeadLetter, RefusedEvent, SwarmEvent } from '../contract.ts'
import { eventFromJson, uuidFrom } from '../event/index.ts'
import type { LogRecord, UnreadableRecords } from './read-records.ts'
import { swarmDeadLettersTopic } from './topics.ts'

export type ReadEvent = { readonly event: SwarmEvent } | { readonly refused: DeadLetter }

/**
 * The event that a record holds, or why it holds none. What the event lacks comes from the record and from where it stands: a record that is read again is
 * the same event, or the same dead letter (OL3). `refusedMicros` is when a refusal is said to have happened.
 */
export function eventOf(partition: Partition, record: LogRecord, refusedMicros: number): ReadEvent {
  const found = parse(partition, record)
  if ('eventId' in found) return { event: found }
  const raw = Buffer.from(record.value ?? [])
  return { refused: letterOf(partition, record.offset, found, raw, refusedMicros) }
}

/** The dead letter for records that cannot be read at all. */
export function unreadableLetter(
  partition: Partition,
  { offset, batch, error }: UnreadableRecords,
  refusedMicros: number,
): DeadLetter {
  const refusal = {
    reason: 'unreadable-batch',
    detail: `from this record on the batch cannot be read: ${error.message}`,
  }
  return letterOf(partition, offset, refusal, Buffer.from(batch), refusedMicros)
}

function parse(partition: Partition, { offset, timestamp, value }: LogRecord): SwarmEvent | RefusedEvent {
  if (value === null) return { reason: 'empty', detail: 'the record has no value; an event is JSON text' }
  if (timestamp < 0) return { reason: 'no-time', detail: 'the record has no timestamp; producers have to set one' }
  return eventFromJson(value, {
    receivedMicros: timestamp * 1000,
    eventId: () => uuidFrom(nameOf(partition, offset)),
    isDeadLetter: isDeadLetter(partition),
  })
}

function letterOf(
  partition: Partition,
  offset: number,
  { reason, detail }: RefusedEvent,
  raw: Buffer,
  atMicros: number,
): DeadLetter {
  const source = `kafka:${partition.topic}/${partition.index}/${offset}`
  return {
    id: uuidFrom(`refused ${nameOf(partition, offset)}`),
    reason,
    detail,
    source,
    atMicros,
    raw,
    isDeadLetter: isDeadLetter(partition),
  }
}

const isDeadLetter = ({ topic }: Partition): boolean => topic === swarmDeadLettersTopic

/** A place in the log, for ever: a topic that is made again has another id. */
const nameOf = ({ topicId, index }: Partition, offset: number): string => `${topicId}/${index}/${offset}`
