/**
 * What is kept of a trace's events so that its row can be computed again when another one arrives, early or late. The state depends
 * on the set of distinct events alone (OE2): lists are kept in order, and of a list that is too long its first and last events, which
 * are the same ones whatever the order in which they came. Stored as JSON:
 *
 *     {"spans":7,"lifecycle":2,"events":{"task.created":[{"at":1763640000000000,"id":"…","title":"…"}],"task.assigned":[…]}}
 *
 * The fields of an event that has not got them are left out, and so are types without events.
 */

import type { SwarmEvent } from '../contract.ts'
import { type EventFields, readFields } from './fields.ts'
import { isLifecycleType, type LifecycleType, lifecycleTypes } from './lifecycle.ts'
import { firstEventsMax, lastEventsMax } from './limits.ts'

export type TraceState = {
  /** Distinct events of any type. */
  readonly spans: number
  /** How many of them are lifecycle events, those that are not kept any more among them. */
  readonly lifecycle: number
  /** In the order of (at, id). */
  readonly events: { readonly [Type in LifecycleType]?: readonly KeptEvent[] }
}

/** A lifecycle event and what the projections read of it. */
export type KeptEvent = EventFields & {
  /** Microseconds since the epoch. */
  readonly at: number
  readonly id: string
}

/** Whether what was stored as a state is one: anybody may have written to the tables. */
export function isTraceState(value: unknown): value is TraceState {
  const { spans, lifecycle, events } = (value ?? {}) as { [Name in keyof TraceState]?: unknown }
  if (!isCount(spans) || !isCount(lifecycle) || typeof events !== 'object' || events === null) return false
  return Object.values(events).every(list => Array.isArray(list) && list.every(isKept))
}

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0

function isKept(event: unknown): boolean {
  const { at, id } = (event ?? {}) as { [Name in keyof KeptEvent]?: unknown }
  return Number.isFinite(at) && typeof id === 'string'
}

export const emptyTraceState: TraceState = { spans: 0, lifecycle: 0, events: {} }

/** `events` are of this trace, distinct, and none of them was added before. */
export function addEvents(state: TraceState, events: readonly SwarmEvent[]): TraceState {
  const lists: { [Type in LifecycleType]?: KeptEvent[] } = {}
  let lifecycle = 0
  for (const event of events) {
    // A dead letter tells of an event that was not taken: it is a span, and moves nothing.
    if (event.isDeadLetter || !isLifecycleType(event.eventType)) continue
    lifecycle++
    const list = (lists[event.eventType] ??= [])
    list.push({ at: event.timestampMicros, id: event.eventId, ...readFields(event.eventType, event) })
  }
  return mergeTraceStates(state, { spans: events.length, lifecycle, events: lists })
}

/** The state of both sets of events together, which have none in common. Lists of `other` may be unordered, and too long. */
export function mergeTraceStates(state: TraceState, other: TraceState): TraceState {
  const events: { [Type in LifecycleType]?: readonly KeptEvent[] } = {}
  for (const type of lifecycleTypes) {
    const ours = state.events[type]
    const theirs = other.events[type]
    if (theirs !== undefined) events[type] = keep(ours === undefined ? theirs : [...ours, ...theirs])
    else if (ours !== undefined) events[type] = ours
  }
  return { spans: state.spans + other.spans, lifecycle: state.lifecycle + other.lifecycle, events }
}

/** The first ones of a union are among the first ones of its parts, the last ones among the last: it does not matter when lists are cut. */
function keep(events: readonly KeptEvent[]): readonly KeptEvent[] {
  if (events.length < 2) return events
  const ordered = events.toSorted(compareEvents)
  if (ordered.length <= firstEventsMax + lastEventsMax) return ordered
  return [...ordered.slice(0, firstEventsMax), ...ordered.slice(-lastEventsMax)]
}

function compareEvents(a: KeptEvent, b: KeptEvent): number {
  if (a.at !== b.at) return a.at - b.at
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0
}
