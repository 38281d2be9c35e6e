/**
 * A run of events of one session, column by column: equal things stand together, which makes them small, and the data of all are parsed at once.
 *
 * ```text
 * run, version 1 (the version stands in what holds the run), big-endian
 * OFFSET SIZE  FIELD
 *      0    4  N: events, 1 to 65,536
 *      4    1  T: names of types, 1 to 255
 *      5    …  T names, each: 1 byte length (1–64), UTF-8
 *      …  16N  ids
 *      …   6N  times, milliseconds since the epoch
 *      …    N  types: indexes into the names
 *      …    …  N data, each: JSON text in UTF-8, then a line feed (JSON text as it is written here has none)
 * ```
 */
import { assert } from '@chronicle/base'
import type { JsonObject } from '../contract.ts'
import { eventTypeBytesMax } from './limits.ts'
import { putUuid, uuidBytes, uuidTexts } from './uuid.ts'

const runEventsMax = 65_536
const runTypesMax = 255

const at = { events: 0, types: 4, names: 5 }
const timeBytes = 6
/** Of one event, its data left out. */
const columnBytes = uuidBytes + timeBytes + 1
assert(columnBytes === 23, 'an event takes 23 bytes beside its data')

/** What a run holds of an event. */
export type RunEvent = {
  readonly id: string
  readonly timestamp: number
  readonly eventType: string
  readonly json: string
}

/** An event as it comes out for a batch. */
export type DecodedEvent = {
  readonly id: string
  readonly timestamp: number
  readonly eventType: string
  readonly data: JsonObject
}

/** `events` cut where a run would hold more events or types than it can. */
export function* runsOf<Event extends RunEvent>(events: readonly Event[]): Iterable<readonly Event[]> {
  let from = 0
  let types = new Set<string>()
  for (const [at, { eventType }] of events.entries()) {
    const isFull = at - from === runEventsMax || (types.size === runTypesMax && !types.has(eventType))
    if (isFull) {
      yield events.slice(from, at)
      from = at
      types = new Set()
    }
    types.add(eventType)
  }
  yield from === 0 ? events : events.slice(from)
}

/** Of at most {@link runEventsMax} events with at most {@link runTypesMax} types. CE2: what goes in comes out, in the same order. */
export function encodeRun(events: readonly RunEvent[]): Buffer {
  assert(events.length > 0 && events.length <= runEventsMax, 'a run holds 1 to 65,536 events')
  const typeIndexes = new Map<string, number>()
  for (const { eventType } of events) if (!typeIndexes.has(eventType)) typeIndexes.set(eventType, typeIndexes.size)
  assert(typeIndexes.size <= runTypesMax, 'a run has at most 255 types')
  const names = Buffer.concat([...typeIndexes.keys()].flatMap(name => [nameLength(name), Buffer.from(name)]))
  const data = `${events.map(event => event.json).join('\n')}\n`
  const dataAt = at.names + names.length + events.length * columnBytes
  // Memory of its own: a run may be kept for a while, and must not keep that of others with it.
  const bytes = Buffer.allocUnsafeSlow(dataAt + Buffer.byteLength(data))
  bytes.writeUInt32BE(events.length, at.events)
  bytes[at.types] = typeIndexes.size
  names.copy(bytes, at.names)
  putColumns(bytes, at.names + names.length, events, typeIndexes)
  bytes.write(data, dataAt)
  return bytes
}

function putColumns(
  bytes: Buffer,
  start: number,
  events: readonly RunEvent[],
  typeIndexes: ReadonlyMap<string, number>,
): void {
  const timesAt = start + events.length * uuidBytes
  const typesAt = timesAt + events.length * timeBytes
  for (let index = 0; index < events.length; index++) {
    const { id, timestamp, eventType } = events[index]!
    putUuid(bytes, start + index * uuidBytes, id)
    bytes.writeUIntBE(timestamp, timesAt + index * timeBytes, timeBytes)
    bytes[typesAt + index] = typeIndexes.get(eventType)!
  }
}

function nameLength(name: string): Buffer {
  const length = Buffer.byteLength(name)
  assert(length > 0 && length <= eventTypeBytesMax, 'a type has a name of 1 to 64 bytes')
  return Buffer.of(length)
}

/** The events, their data parsed; undefined where the bytes are no run. */
export function decodeRun(bytes: Buffer): DecodedEvent[] | undefined {
  const columns = columnsOf(bytes)
  const values = columns && parsed(columns.data)
  if (columns === undefined || values?.length !== columns.ids.length || !values.every(isObject)) return undefined
  const { ids, times, types } = columns
  return values.map((data, index) => ({ id: ids[index]!, timestamp: times[index]!, eventType: types[index]!, data }))
}

/** The events, their data as text; undefined where the bytes are no run. */
export function decodeRunText(bytes: Buffer): RunEvent[] | undefined {
  const columns = columnsOf(bytes)
  const texts = columns?.data.split('\n')
  if (columns === undefined || texts?.length !== columns.ids.length) return undefined
  return columns.ids.map((id, index) => ({
    id,
    timestamp: columns.times[index]!,
    eventType: columns.types[index]!,
    json: texts[index]!,
  }))
}

type Columns = {
  readonly ids: readonly string[]
  readonly times: readonly number[]
  readonly types: readonly string[]
  readonly data: string
}

function columnsOf(bytes: Buffer): Columns | undefined {
  if (bytes.length < at.names) return undefined
  const events = bytes.readUInt32BE(at.events)
  const names = namesOf(bytes, bytes[at.types]!)
  if (names === undefined || events === 0 || events > runEventsMax) return undefined
  const timesAt = names.end + events * uuidBytes
  const typesAt = timesAt + events * timeBytes
  const dataAt = typesAt + events
  if (bytes.length <= dataAt || bytes.at(-1) !== 0x0a) return undefined
  const ids = uuidTexts(bytes.subarray(names.end, timesAt))
  const times: number[] = []
  const types: string[] = []
  for (let index = 0; index < events; index++) {
    const type = names.names[bytes[typesAt + index]!]
    if (type === undefined) return undefined
    times.push(bytes.readUIntBE(timesAt + index * timeBytes, timeBytes))
    types.push(type)
  }
  return { ids, times, types, data: bytes.toString('utf8', dataAt, bytes.length - 1) }
}

function namesOf(bytes: Buffer, count: number): { names: string[]; end: number } | undefined {
  const names: string[] = []
  let end = at.names
  for (let index = 0; index < count; index++) {
    const length = bytes[end]
    if (length === undefined || length === 0 || end + 1 + length > bytes.length) return undefined
    names.push(bytes.toString('utf8', end + 1, end + 1 + length))
    end += 1 + length
  }
  return { names, end }
}

function parsed(lines: string): JsonObject[] | undefined {
  try {
    return JSON.parse(`[${lines.replaceAll('\n', ',')}]`) as JsonObject[]
  } catch {
    return undefined
  }
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
