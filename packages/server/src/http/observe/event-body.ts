/** From the body of a request to events, and to what is no event. */

import { isUtf8 } from 'node:buffer'
import { hash } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import {
  eventFromJson,
  type NormaliseContext,
  observeErrors,
  type RefusedEvent,
  type SwarmEvent,
  uuidFrom,
} from '@chronicle/observe'
import { serverErrors } from '../../errors.ts'
import { elementsOf, isSpace } from './json-elements.ts'
import { eventsPerRequestMax, turnBytes } from './limits.ts'

export const eventContentTypes = ['application/json', 'application/x-ndjson', 'application/ndjson'] as const
export type EventContentType = (typeof eventContentTypes)[number]

/** One of the events of a request, in their order. */
export type ReadEvent = { readonly event: SwarmEvent } | { readonly refused: RefusedEvent; readonly raw: Uint8Array }

/** What the event at `index` takes where it brings none itself. */
export type ContextOf = (index: number) => NormaliseContext

/**
 * S27: reads the events one by one, and lets others have their turn between them. Rejects with 'server.bad-request' where the body is no JSON at all, and with
 * 'observe.too-many-events'.
 */
export async function eventsOfBody(body: Buffer, type: EventContentType, contextOf: ContextOf): Promise<ReadEvent[]> {
  const isOneJson = type === 'application/json'
  const events: ReadEvent[] = []
  let readBytes = 0
  for (const raw of isOneJson ? valuesOf(body) : linesOf(body)) {
    const found = eventFromJson(raw, contextOf(events.length))
    const isEvent = 'eventId' in found
    if (isOneJson && !isEvent && found.reason === 'not-json') throw notJson()
    events.push(isEvent ? { event: found } : { refused: found, raw })
    readBytes += raw.length
    if (readBytes < turnBytes) continue
    readBytes = 0
    await setImmediate()
  }
  return events
}

/** One event, or an array of them. */
function valuesOf(body: Buffer): Buffer[] {
  if (!isUtf8(body)) throw notJson()
  try {
    return noneTooMany(elementsOf(body))
  } catch (error) {
    throw error instanceof SyntaxError ? notJson() : error
  }
}

/** One event a line; lines of white space alone are passed over. */
function linesOf(body: Buffer): Buffer[] {
  return noneTooMany(filledLines(body))
}

function* filledLines(body: Buffer): Generator<Buffer> {
  for (let start = 0; start < body.length; start++) {
    if (isSpace(body[start])) continue
    const newline = body.indexOf(0x0a, start)
    const end = newline < 0 ? body.length : newline
    yield body.subarray(start, end)
    start = end
  }
}

/** Gathered before any is read: who sends too many is told so, however many of them are none. */
function noneTooMany(raws: Iterable<Buffer>): Buffer[] {
  const gathered: Buffer[] = []
  for (const raw of raws) {
    gathered.push(raw)
    if (gathered.length <= eventsPerRequestMax) continue
    throw observeErrors.create('observe.too-many-events', { accepted: eventsPerRequestMax })
  }
  return gathered
}

/** The parser's own words would repeat pieces of the body. */
function notJson(): Error {
  const accepted = 'JSON in UTF-8: an event, or an array of events'
  return serverErrors.create('server.bad-request', { field: 'body', accepted })
}

/** The same bytes refused again are the same dead letter: a client that sends what is wrong over and over fills nothing. */
export function letterIdOf(raw: Uint8Array): string {
  return uuidFrom(`http ${hash('sha256', raw)}`)
}
