/**
 * From whatever came to the one shape (OE1). A function of its arguments: a record of the log that is read again gives the same event.
 * Members that are not named here are left out, so that a newer producer goes on working; what is to be kept belongs into `metadata`.
 */

import type { RefusedEvent, SwarmEvent } from '../contract.ts'
import {
  eventTypeBytesMax,
  sourceBytesMax,
  timestampAheadMicrosMax,
  timestampMicrosMax,
  timestampMicrosMin,
  traceIdBytesMax,
} from './limits.ts'
import { isObject, metadataRefusal } from './metadata.ts'
import { type RefusalReason, refused } from './refusal.ts'
import { isLongerThan, textProblem } from './text.ts'
import { microsFromText } from './timestamp.ts'
import { uuidOf } from './uuid.ts'

export type NormaliseContext = {
  /** When the event was taken in: its time if it brings none. A record that is read again has to give the same one. */
  readonly receivedMicros: number
  /** Makes the id of an event that brings none; for a record that is read again the same one, see `uuidFrom`. */
  readonly eventId: () => string
  /** It came where the swarm puts its dead letters. */
  readonly isDeadLetter?: boolean
}

/** `value` is parsed JSON. A member that is null is missing. */
export function normalise(value: unknown, context: NormaliseContext): SwarmEvent | RefusedEvent {
  if (!isObject(value)) return refused('not-an-object', 'an event is a JSON object')
  const traceId = requiredText('trace_id', value.trace_id, traceIdBytesMax, 'missing-trace-id')
  if (typeof traceId !== 'string') return traceId
  const eventType = requiredText('event_type', value.event_type, eventTypeBytesMax, 'missing-event-type')
  if (typeof eventType !== 'string') return eventType
  const source = textField('source', value.source ?? '', sourceBytesMax)
  if (typeof source !== 'string') return source
  const timestampMicros = timestampField(value.timestamp ?? null, context.receivedMicros)
  if (typeof timestampMicros !== 'number') return timestampMicros
  const metadata = value.metadata ?? {}
  if (!isObject(metadata)) return refused('invalid-field', 'metadata: a JSON object is accepted')
  const refusal = metadataRefusal(metadata)
  if (refusal !== undefined) return refusal
  const eventId = eventIdField(value.event_id ?? null, context.eventId)
  if (typeof eventId !== 'string') return eventId
  return { eventId, traceId, source, eventType, timestampMicros, metadata, isDeadLetter: context.isDeadLetter ?? false }
}

function requiredText(field: string, value: unknown, bytesMax: number, missing: RefusalReason): string | RefusedEvent {
  if (value === undefined || value === null || value === '') return refused(missing, `${field}: an event needs one`)
  return textField(field, value, bytesMax)
}

function textField(field: string, value: unknown, bytesMax: number): string | RefusedEvent {
  if (typeof value !== 'string') return refused('invalid-field', `${field}: a text is accepted`)
  if (isLongerThan(value, bytesMax)) return refused('too-large', `${field}: at most ${bytesMax} bytes are accepted`)
  const problem = textProblem(value)
  return problem === undefined ? value : refused('invalid-field', `${field}: it ${problem}`)
}

function timestampField(value: unknown, receivedMicros: number): number | RefusedEvent {
  const micros = value === null ? receivedMicros : typeof value === 'string' ? microsFromText(value) : undefined
  if (micros === undefined) return refused('invalid-field', `timestamp: ${timestampForm}`)
  if (micros < timestampMicrosMin) return refused('clock', 'timestamp: it lies before 1970')
  if (micros > timestampMicrosMax) return refused('clock', 'timestamp: it lies after the year 2254')
  if (micros > receivedMicros + timestampAheadMicrosMax) {
    return refused('clock', 'timestamp: it lies more than a day after the moment at which the event was taken in')
  }
  return micros
}

const timestampForm = 'a time of RFC 3339 with its offset is accepted, such as 2026-11-20T12:00:00.123456Z'

function eventIdField(value: unknown, makeId: () => string): string | RefusedEvent {
  if (value === null) return makeId()
  const uuid = typeof value === 'string' ? uuidOf(value) : undefined
  return uuid ?? refused('invalid-field', 'event_id: a UUID of 36 characters is accepted that is not the nil UUID')
}
