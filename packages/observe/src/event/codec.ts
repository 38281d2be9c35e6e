/**
 * An event as JSON text: how the log holds it, and how it goes out.
 *
 *     {"event_id":"…","trace_id":"…","source":"…","event_type":"…","timestamp":"2026-11-20T12:00:00.000123Z","metadata":{…}}
 *
 * The swarm's own dead letters have `"is_dead_letter":true` behind that.
 */

import { isUtf8 } from 'node:buffer'
import type { RefusedEvent, SwarmEvent } from '../contract.ts'
import { jsonBytesAtLeast } from './json-size.ts'
import { eventBytesMax } from './limits.ts'
import { isObject } from './metadata.ts'
import { type NormaliseContext, normalise } from './normalise.ts'
import { refused } from './refusal.ts'
import { textFromMicros } from './timestamp.ts'

export function eventToJson(event: SwarmEvent): string {
  return JSON.stringify({
    event_id: event.eventId,
    trace_id: event.traceId,
    source: event.source,
    event_type: event.eventType,
    timestamp: textFromMicros(event.timestampMicros),
    metadata: event.metadata,
    ...(event.isDeadLetter ? { is_dead_letter: true } : {}),
  })
}

/** `json` may come from anybody: the log's topics are open to producers. What {@link eventToJson} wrote comes back as it was (OE1). */
export function eventFromJson(json: string | Uint8Array, context: NormaliseContext): SwarmEvent | RefusedEvent {
  if (typeof json !== 'string' && !isUtf8(json)) return refused('not-utf8', 'an event is JSON text in UTF-8')
  if (json.length > eventBytesMax && jsonBytesAtLeast(Buffer.from(json)) > eventBytesMax) return tooLarge
  const value = parsed(
    typeof json === 'string' ? json : Buffer.from(json.buffer, json.byteOffset, json.length).toString(),
  )
  if (value === undefined) return refused('not-json', 'an event is JSON text')
  const isMarked = isObject(value) && value.is_dead_letter === true
  return normalise(value, isMarked ? { ...context, isDeadLetter: true } : context)
}

const tooLarge = refused('too-large', `an event: at most ${eventBytesMax} bytes of JSON are accepted`)

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
