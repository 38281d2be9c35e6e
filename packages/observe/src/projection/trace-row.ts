/** From the state of a trace to its row: status, times and fields, as README.md tells users. */

import type { TraceRow } from '../contract.ts'
import type { EventFields } from './fields.ts'
import {
  type FinalType,
  finalTypes,
  type LifecycleState,
  type LifecycleType,
  lifecycle,
  lifecycleTypes,
  type Step,
} from './lifecycle.ts'
import type { KeptEvent, TraceState } from './trace-state.ts'

export function projectTrace(traceId: string, state: TraceState): TraceRow {
  const { status, fitting } = replay(state)
  const end = endOf(state)
  const endMicros = end?.event.at ?? Number.POSITIVE_INFINITY
  const created = state.events['task.created'] ?? []
  const assigned = state.events['task.assigned'] ?? []
  const started = writerOf(state.events['task.started'] ?? [], endMicros)
  const pickedFrom = started && writerOf(assigned, started.at)
  return {
    traceId,
    taskTitle: writerOf(created, endMicros, 'title')?.title ?? null,
    owner: writerOf(created, endMicros, 'owner')?.owner ?? null,
    status: status === 'absent' ? 'pending' : status,
    assignedAgent: writerOf(assigned, endMicros, 'agent')?.agent ?? null,
    startedMicros: started?.at ?? null,
    completedMicros: end?.event.at ?? null,
    durationMs: millisBetween(started, end?.event),
    timeToPickupMs: millisBetween(pickedFrom, started),
    spanCount: state.spans,
    error: end?.event.error ?? null,
    scoringBreakdown: writerOf(created, endMicros, 'scoring')?.scoring ?? null,
    outOfOrder: state.lifecycle - fitting,
  }
}

/** The event that decides: the first final one (OE3). */
export function endOf(state: TraceState): { readonly type: FinalType; readonly event: KeptEvent } | undefined {
  let end: { type: FinalType; event: KeptEvent } | undefined
  for (const type of finalTypes) {
    const event = state.events[type]?.[0]
    if (event !== undefined && (end === undefined || event.at < end.event.at)) end = { type, event }
  }
  return end
}

/**
 * Goes through the table of the lifecycle with the first event of each type. A later one of the same type never fits and moves
 * nothing, for its type has taken the trace at least as far already: so the result is that of all events, those not kept included.
 */
function replay(state: TraceState): { readonly status: LifecycleState; readonly fitting: number } {
  const firsts: { type: LifecycleType; at: number }[] = []
  for (const type of lifecycleTypes) {
    const event = state.events[type]?.[0]
    if (event !== undefined) firsts.push({ type, at: event.at })
  }
  // The sort is stable: at the same time the order of the types stays.
  firsts.sort((a, b) => a.at - b.at)
  let status: LifecycleState = 'absent'
  let fitting = 0
  for (const { type } of firsts) {
    const step: Step = lifecycle[status][type]
    status = step.to
    if (step.fits) fitting++
  }
  return { status, fitting }
}

/**
 * Who writes a field: the last event that has it and is not later than `endMicros`; without one, the first that is later. An event
 * that had to come before the end, and has a later time, comes from a clock that is ahead: better its word than none.
 */
function writerOf(events: readonly KeptEvent[], endMicros: number, field?: keyof EventFields): KeptEvent | undefined {
  const has = (event: KeptEvent) => field === undefined || event[field] !== undefined
  return events.findLast(event => event.at <= endMicros && has(event)) ?? events.find(has)
}

/** Whole milliseconds, rounded down; 0 when clocks disagree about what came first. */
function millisBetween(from: KeptEvent | undefined, to: KeptEvent | undefined): number | null {
  if (from === undefined || to === undefined) return null
  return Math.max(0, Math.floor((to.at - from.at) / 1000))
}
