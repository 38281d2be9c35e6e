/** From whatever a publisher sent to an event that is accepted, or to what is wrong with it. Never throws. */
import { fieldsRefusal, isObject } from './fields.ts'
import { jsonTextOf } from './json.ts'
import { eventTypeBytesMax, timestampAheadMsMax, timestampMax } from './limits.ts'
import { type EventRefusal, refusal } from './refusal.ts'
import { msFromIso } from './timestamp.ts'
import { knownTypes, screenshotType } from './types.ts'
import { uuidOf } from './uuid.ts'

/** An event on its way into the store. Its data is text: a copy of what came, as small as it gets. */
export type PendingEvent = {
  readonly id: string
  readonly sessionId: string
  readonly timestamp: number
  readonly eventType: string
  readonly json: string
  /** What the clock showed when it came, to the source that it was read from if there is one: decides which window it is in time for. */
  readonly receivedMs: number
}

export type CheckedEvent = {
  readonly event: PendingEvent
  /** Of a screenshot: not part of `event`. A view of the publisher's bytes. */
  readonly image?: Uint8Array
}

/** CE1: what is refused here leaves no trace but its refusal, which holds nothing of its content. */
export function checkEvent(value: unknown, nowMs: number, receivedMs = nowMs): CheckedEvent | EventRefusal {
  try {
    return isObject(value) ? checkFields(value, nowMs, receivedMs) : refusal('event', value, 'an object')
  } catch {
    // A getter or a proxy of the publisher's threw; it is not asked what it is either.
    return { field: 'event', found: 'one that throws', accepted: 'an object whose fields can be read' }
  }
}

export function isRefusal(checked: CheckedEvent | EventRefusal): checked is EventRefusal {
  return 'accepted' in checked
}

function checkFields(value: Record<string, unknown>, nowMs: number, receivedMs: number): CheckedEvent | EventRefusal {
  const id = uuidOf(value.id)
  if (id === undefined) return refusal('id', value.id, 'a UUID')
  const sessionId = uuidOf(value.session_id)
  if (sessionId === undefined) return refusal('session_id', value.session_id, 'a UUID')
  const timestamp = timestampOf(value.timestamp, nowMs)
  if (typeof timestamp !== 'number') return timestamp
  const eventType = value.event_type
  if (!isTypeName(eventType)) {
    return refusal('event_type', eventType, `a name of at most ${eventTypeBytesMax} bytes without control characters`)
  }
  const data = value.data
  if (!isObject(data)) return refusal('data', data, 'an object')
  const fields = knownTypes.get(eventType)
  const refused = fields && fieldsRefusal(data, 'data', fields)
  if (refused) return refused
  const { image, rest } = eventType === screenshotType ? withoutImage(data) : { rest: data }
  const json = jsonTextOf(rest)
  if (typeof json !== 'string') return refusal('data', json.value, json.accepted)
  const event = { id, sessionId, timestamp, eventType, json, receivedMs }
  return image ? { event, image } : { event }
}

function timestampOf(value: unknown, nowMs: number): number | EventRefusal {
  const ms = typeof value === 'number' ? Math.floor(value) : typeof value === 'string' ? msFromIso(value) : undefined
  if (ms === undefined || !(ms >= 0 && ms <= timestampMax)) {
    return refusal(
      'timestamp',
      value,
      'a time of ISO 8601 with its offset, or milliseconds since the epoch, from 1970 on',
    )
  }
  if (ms > nowMs + timestampAheadMsMax) return refusal('timestamp', value, 'a time at most a day ahead')
  return ms
}

function isTypeName(value: unknown): value is string {
  if (typeof value !== 'string' || value === '' || value.length > eventTypeBytesMax) return false
  if (knownTypes.has(value)) return true
  return value.isWellFormed() && !/\p{Cc}/u.test(value) && Buffer.byteLength(value) <= eventTypeBytesMax
}

function withoutImage({ image, ...rest }: Record<string, unknown>): { image: Uint8Array; rest: object } {
  return { image: image as Uint8Array, rest }
}
