/**
 * What is kept of an agent's day. Every part is a sum, so that it does not matter in which order things are added, and what a trace
 * added is taken away exactly when a late event changes the trace (OE4). Stored as JSON:
 *
 *     {"completed":2,"failed":1,"timedOut":0,
 *      "durations":{"count":3,"sumMs":391,"sketch":{"7":1,"160":2}},"extremes":{"minMs":7,"maxMs":192},
 *      "pickups":{"count":3,"sumMs":60},"heartbeats":1,"uptimeMs":60000,"busyMs":45000}
 */

import type { AgentContribution } from '../contract.ts'
import { observeErrors } from '../errors.ts'
import type { Heartbeat } from './heartbeat.ts'
import { bucketOf, combine, emptySketch, type Sketch } from './sketch.ts'

export type AgentDay = {
  readonly completed: number
  readonly failed: number
  readonly timedOut: number
  readonly durations: Durations
  /** `null` without durations, and when the shortest or longest one was taken away: see {@link extremesUnknown}. */
  readonly extremes: Extremes | null
  readonly pickups: { readonly count: number; readonly sumMs: number }
  readonly heartbeats: number
  readonly uptimeMs: number
  readonly busyMs: number
}

export type Durations = { readonly count: number; readonly sumMs: number; readonly sketch: Sketch }
export type Extremes = { readonly minMs: number; readonly maxMs: number }

/** Whether what was stored as the state of a day is one: anybody may have written to the tables. */
export function isAgentDay(value: unknown): value is AgentDay {
  const { durations, pickups, extremes, ...counts } = (value ?? {}) as { [Name in keyof AgentDay]?: unknown }
  const { sketch, ...measured } = (durations ?? {}) as { [Name in keyof Durations]?: unknown }
  return (
    hasNumbers(counts, ['completed', 'failed', 'timedOut', 'heartbeats', 'uptimeMs', 'busyMs']) &&
    hasNumbers(measured, ['count', 'sumMs']) &&
    hasNumbers(pickups, ['count', 'sumMs']) &&
    (extremes === null || hasNumbers(extremes, ['minMs', 'maxMs'])) &&
    typeof sketch === 'object' &&
    hasNumbers(sketch, Object.keys(sketch ?? {}))
  )
}

function hasNumbers(value: unknown, names: readonly string[]): boolean {
  const fields = (value ?? {}) as Readonly<Record<string, unknown>>
  return names.every(name => Number.isFinite(fields[name]))
}

export const emptyAgentDay: AgentDay = {
  completed: 0,
  failed: 0,
  timedOut: 0,
  durations: { count: 0, sumMs: 0, sketch: emptySketch },
  extremes: null,
  pickups: { count: 0, sumMs: 0 },
  heartbeats: 0,
  uptimeMs: 0,
  busyMs: 0,
}

/** A day of which nothing is left has no row. */
export function isEmptyDay(day: AgentDay): boolean {
  return day.completed === 0 && day.failed === 0 && day.timedOut === 0 && day.heartbeats === 0
}

export function addContributions(day: AgentDay, contributions: readonly AgentContribution[]): AgentDay {
  return change(day, contributions, 1)
}

/** `contributions` were added before. Throws 'observe.tables-disagree' when the day cannot have had them. */
export function removeContributions(day: AgentDay, contributions: readonly AgentContribution[]): AgentDay {
  return change(day, contributions, -1)
}

/** Heartbeats are never taken away: an event does not change. */
export function addHeartbeat(day: AgentDay, heartbeat: Heartbeat): AgentDay {
  return {
    ...day,
    heartbeats: day.heartbeats + 1,
    uptimeMs: day.uptimeMs + heartbeat.uptimeMs,
    busyMs: day.busyMs + heartbeat.busyMs,
  }
}

/** Whether shortest and longest duration have to be looked up in the traces, and given to {@link withExtremes}. */
export function extremesUnknown(day: AgentDay): boolean {
  return day.extremes === null && day.durations.count > 0
}

/** `extremes` of all traces that contribute to the day. */
export function withExtremes(day: AgentDay, extremes: Extremes): AgentDay {
  return { ...day, extremes }
}

/** The sketch is changed once for all of them: it is copied for that, and of a busy day it is large. */
function change(day: AgentDay, contributions: readonly AgentContribution[], sign: 1 | -1): AgentDay {
  if (contributions.length === 0) return day
  const counts: Record<string, number> = {}
  let changed = day
  for (const contribution of contributions) {
    if (contribution.durationMs !== null) {
      const bucket = bucketOf(contribution.durationMs)
      counts[bucket] = (counts[bucket] ?? 0) + 1
    }
    changed = changeSums(changed, contribution, sign)
  }
  const sketch = combine(day.durations.sketch, counts, sign)
  if (sketch === undefined) throw disagreement(contributions[0]!)
  return { ...changed, durations: { ...changed.durations, sketch } }
}

/** All but the sketch. */
function changeSums(day: AgentDay, contribution: AgentContribution, sign: 1 | -1): AgentDay {
  const { outcome, durationMs, timeToPickupMs } = contribution
  const { durations, pickups } = day
  const measured = durationMs === null ? 0 : sign
  const pickedUp = timeToPickupMs === null ? 0 : sign
  const changed: AgentDay = {
    ...day,
    completed: day.completed + (outcome === 'completed' ? sign : 0),
    failed: day.failed + (outcome === 'failed' ? sign : 0),
    timedOut: day.timedOut + (outcome === 'timed_out' ? sign : 0),
    durations: {
      ...durations,
      count: durations.count + measured,
      sumMs: durations.sumMs + measured * (durationMs ?? 0),
    },
    extremes: durationMs === null ? day.extremes : changeExtremes(day, durationMs, sign),
    pickups: { count: pickups.count + pickedUp, sumMs: pickups.sumMs + pickedUp * (timeToPickupMs ?? 0) },
  }
  const least = Math.min(changed.completed, changed.failed, changed.timedOut, changed.pickups.count)
  if (least < 0 || changed.pickups.sumMs < 0) throw disagreement(contribution)
  return changed
}

function changeExtremes(day: AgentDay, durationMs: number, sign: 1 | -1): Extremes | null {
  const { durations, extremes } = day
  if (sign === 1 && durations.count === 0) return { minMs: durationMs, maxMs: durationMs }
  if (extremes === null) return null
  const { minMs, maxMs } = extremes
  if (sign === 1) return { minMs: Math.min(minMs, durationMs), maxMs: Math.max(maxMs, durationMs) }
  // Another trace may have taken as long; the day does not know.
  return durationMs === minMs || durationMs === maxMs ? null : extremes
}

function disagreement({ agentId, day }: AgentContribution) {
  return observeErrors.create('observe.tables-disagree', { agent: agentId, day })
}
