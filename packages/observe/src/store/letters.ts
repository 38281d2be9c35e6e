import { messageOf } from '@chronicle/base'
import type { DeadLetter, SwarmEvent } from '../contract.ts'
import { eventToJson, uuidFrom } from '../event/index.ts'

/** An event that the tables refused for its content. `error` has SQLSTATE and names of the schema, no content. */
export function refusedLetter(event: SwarmEvent, error: unknown, nowMs: number): DeadLetter {
  return letter(event, 'database-refused', messageOf(error), nowMs)
}

/** An event that lies so far ahead that the tables have no place for it. */
export function clockLetter(event: SwarmEvent, nowMs: number): DeadLetter {
  return letter(event, 'clock', 'timestamp: it lies more than eight days ahead', nowMs)
}

/** The id follows from the event's: the same event refused again is the same letter. */
function letter(event: SwarmEvent, reason: string, detail: string, nowMs: number): DeadLetter {
  return {
    id: uuidFrom(`tables/${event.eventId}`),
    reason,
    detail,
    source: 'tables',
    atMicros: Math.round(nowMs * 1000),
    raw: Buffer.from(eventToJson(event)),
  }
}
