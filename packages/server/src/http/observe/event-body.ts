/** From the body of a request to events, and to what is no event. */

import { isUtf8 } from 'node:buffer'
import { hash } from 'node:crypto'
import {
  eventFromJson,
  type NormaliseContext,
  normalise,
  observeErrors,
  type RefusedEvent,
  type SwarmEvent,
  uuidFrom,
} from '@chronicle/observe'
import { serverErrors } from '../../errors.ts'
import { elementsOf } from './json-elements.ts'
import { eventsPerRequestMax } from './limits.ts'

export const eventContentTypes = ['application/json', 'application/x-ndjson', 'application/ndjson'] as const
export type EventContentType = (typeof eventContentTypes)[number]

/** One of the events of a request, in their order. */
export type ReadEvent = { readonly event: SwarmEvent } | { readonly refused: RefusedEvent; readonly raw: Uint8Array }

/** What the event at `index` takes where it brings none itself. */
export type ContextOf = (index: number) => NormaliseContext

/** Throws 'server.bad-request' for a body that is no JSON at all, and 'observe.too-many-events'. */
export function eventsOfBody(body: Buffer, type: EventContentType, contextOf: ContextOf): ReadEvent[] {
  return type === 'application/json' ? eventsOfJson(body, contextOf) : eventsOfLines(body, contextOf)
}

/** One event, or an array of them. */
function eventsOfJson(body: Buffer, contextOf: ContextOf): ReadEvent[] {
  const value = parsed(body)
  const values: readonly unknown[] = Array.isArray(value) ? value : [value]
  refuseTooMany(values.length)
  const found = values.map((each, index) => normalise(each, contextOf(index)))
  // Where each of them stands in the body has to be known only where one of them is refused.
  const raws = found.some(each => !('eventId' in each)) ? rawsOf(body, Array.isArray(value)) : []
  return found.map((each, index) => ('eventId' in each ? { event: each } : { refused: each, raw: raws[index]! }))
}

/** One event a line; lines of white space alone are passed over. */
function eventsOfLines(body: Buffer, contextOf: ContextOf): ReadEvent[] {
  const events: ReadEvent[] = []
  for (let start = 0; start < body.length; ) {
    const newline = body.indexOf(0x0a, start)
    const end = newline < 0 ? body.length : newline
    const line = body.subarray(start, end)
    start = end + 1
    if (isBlank(line)) continue
    refuseTooMany(events.length + 1)
    const found = eventFromJson(line, contextOf(events.length))
    events.push('eventId' in found ? { event: found } : { refused: found, raw: line })
  }
  return events
}

function isBlank(line: Buffer): boolean {
  return line.every(byte => byte === 0x20 || byte === 0x09 || byte === 0x0d)
}

function refuseTooMany(events: number): void {
  if (events <= eventsPerRequestMax) return
  throw observeErrors.create('observe.too-many-events', { events, accepted: eventsPerRequestMax })
}

function parsed(body: Buffer): unknown {
  try {
    if (isUtf8(body)) return JSON.parse(body.toString())
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  // The parser's own words repeat pieces of the body.
  const accepted = 'JSON in UTF-8: an event, or an array of events'
  throw serverErrors.create('server.bad-request', { field: 'body', accepted })
}

function rawsOf(body: Buffer, isArray: boolean): readonly Uint8Array[] {
  return isArray ? elementsOf(body) : [body]
}

/** The same bytes refused again are the same dead letter: a client that sends what is wrong over and over fills nothing. */
export function letterIdOf(raw: Uint8Array): string {
  return uuidFrom(`http ${hash('sha256', raw)}`)
}
