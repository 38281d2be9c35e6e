/** The records of the crash test: each follows from its number alone, so that whatever is found can be compared with what was written. */
import { createHash } from 'node:crypto'
import type { RingKind } from '../src/index.ts'
import { type EventRow, event, eventStream, frameStream } from './intake-support.ts'

export const rowsOfRecord = 30
const dayNs = 86_400_000_000_000n
const today = BigInt(Math.floor(Date.now() / 86_400_000)) * dayNs
/** Older than the retention of the test's archive. */
const expiredDays = 400n

export const kindOf = (record: number): RingKind => (record % 60 === 59 ? 'frames' : 'events')
export const isExpired = (record: number): boolean => record % 20 === 7
/** One row in some hundreds has data that are no JSON; what is refused is kept from its refusal on, so not an expired one. */
export const isRefused = (number: number): boolean =>
  number % 211 === 5 && !isExpired(Math.floor(number / rowsOfRecord))

/** Most events of one day, some of five others: one more than an archive has open at once. */
function dayOf(record: number): bigint {
  if (isExpired(record)) return today - expiredDays * dayNs
  return today - BigInt(record % 8 === 0 ? 2 + ((record / 8) % 4) : 1) * dayNs
}

export function numberedEvent(number: number): EventRow {
  const record = Math.floor(number / rowsOfRecord)
  const noise = createHash('shake256', { outputLength: 600 }).update(`${number}`).digest('base64')
  return event(number, {
    timestamp_ns: dayOf(record) + BigInt(number) * 1_000_000n,
    data: isRefused(number) ? '{' : JSON.stringify({ number, noise }),
  })
}

const frameId = (record: number) => `frame-${record}`

/** What `numberedEvent` gives as the id of an event, or of a frame its record. */
export function numberOf(eventId: string): number {
  return eventId.startsWith('frame-')
    ? Number(eventId.slice(6)) * rowsOfRecord
    : Number.parseInt(eventId.slice(-12), 16)
}

/** The ids that a record brings. */
export function idsOf(record: number): string[] {
  if (kindOf(record) === 'frames') return [frameId(record)]
  return Array.from({ length: rowsOfRecord }, (_, row) => event(record * rowsOfRecord + row).event_id!)
}

export function payloadOf(record: number): Uint8Array {
  if (kindOf(record) === 'events') {
    return eventStream(Array.from({ length: rowsOfRecord }, (_, row) => numberedEvent(record * rowsOfRecord + row)))
  }
  const size = { width: 8, height: 8, stride: 32 }
  const image = Buffer.alloc(size.stride * size.height, record)
  const identity = { timestamp_ns: dayOf(record) + BigInt(record) * 1_000_000n, session_id: 's', metadata: '{}' }
  return frameStream([{ ...identity, event_id: frameId(record), format: 'rgba', image, ...size }])
}

/** A file for the writers: of each record its kind and its length, 4 bytes little-endian each, and its payload. */
export function recordsFile(from: number, count: number): Buffer {
  const pieces = Array.from({ length: count }, (_, at) => {
    const payload = payloadOf(from + at)
    const header = Buffer.alloc(8)
    header.writeUInt32LE(kindOf(from + at) === 'events' ? 1 : 2)
    header.writeUInt32LE(payload.length, 4)
    return [header, payload]
  })
  return Buffer.concat(pieces.flat())
}
