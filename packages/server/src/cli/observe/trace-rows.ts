/** What the picture of a trace shows of its events: in which order, for how long each lasts, and what it did to the state. */

import {
  type EventColumns,
  isLifecycleType,
  type JsonObject,
  type LifecycleState,
  lifecycle,
  lifecycleTypes,
  microsFromText,
} from '@chronicle/observe'

/** A line of the picture. Times are microseconds. */
export type TraceRow = {
  readonly event: EventColumns
  readonly atMicros: number
  /** How long the state that it began lasted, or the span itself took; undefined for what is a moment. */
  readonly lastsMicros: number | undefined
  /** It is the state that the trace is in, and lasts on. */
  readonly isOpen: boolean
  /** The state that it took the trace to; undefined where it moved nothing. */
  readonly state: Exclude<LifecycleState, 'absent'> | undefined
  /** Of the lifecycle, and not the next one of its trace. */
  readonly isOutOfOrder: boolean
  readonly isError: boolean
}

/** In the order in which the lifecycle is replayed. */
export function rowsOf(events: readonly EventColumns[]): TraceRow[] {
  let state: LifecycleState = 'absent'
  const rows: TraceRow[] = ordered(events).map(({ event, atMicros }) => {
    const lastsMicros = spanMicros(event)
    const plain = { event, atMicros, lastsMicros, isOpen: false, isOutOfOrder: false, isError: isError(event) }
    const { event_type: type } = event
    if (event.is_dead_letter || !isLifecycleType(type)) return { ...plain, state: undefined }
    const { to, fits } = lifecycle[state][type]
    const isMoved = to !== state && to !== 'absent'
    state = to
    return { ...plain, state: isMoved ? to : undefined, isOutOfOrder: !fits }
  })
  return withStates(rows)
}

function ordered(events: readonly EventColumns[]): { event: EventColumns; atMicros: number; rank: number }[] {
  return events
    .map(event => ({ event, atMicros: microsFromText(event.timestamp) ?? 0, rank: rankOf(event) }))
    .sort((a, b) => a.atMicros - b.atMicros || a.rank - b.rank)
}

function rankOf({ event_type: type }: EventColumns): number {
  return isLifecycleType(type) ? lifecycleTypes.indexOf(type) : lifecycleTypes.length
}

/** A state lasts until the next one; the one that a trace is in is drawn until its last event. */
function withStates(rows: readonly TraceRow[]): TraceRow[] {
  const lastMicros = rows.at(-1)?.atMicros ?? 0
  return rows.map((row, at) => {
    if (row.state === undefined) return row
    if (isFinal(row.state)) return { ...row, lastsMicros: undefined }
    const next = rows.slice(at + 1).find(({ state }) => state !== undefined)
    return { ...row, lastsMicros: (next?.atMicros ?? lastMicros) - row.atMicros, isOpen: next === undefined }
  })
}

export function isFinal(state: string): boolean {
  return state === 'completed' || state === 'failed' || state === 'timed_out'
}

/** What came over OTLP says how long it took. */
function spanMicros({ metadata }: EventColumns): number | undefined {
  const { duration_ms: ms } = objectIn(metadata, 'span')
  return typeof ms === 'number' && ms >= 0 ? Math.round(ms * 1000) : undefined
}

function isError({ event_type: type, metadata }: EventColumns): boolean {
  return type === 'system.error' || objectIn(metadata, 'span').is_error === true
}

/** The name that a span of OTLP has besides its type. */
export function spanName(metadata: JsonObject): string | undefined {
  const { name } = objectIn(metadata, 'span')
  return typeof name === 'string' && name !== '' ? name : undefined
}

function objectIn(metadata: JsonObject, name: string): Readonly<Record<string, unknown>> {
  const value = metadata[name]
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {}
}
