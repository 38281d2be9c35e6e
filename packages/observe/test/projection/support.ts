/** Events by the thousand, and the tables that follow from them: what the store does in SQL, in memory. */

import fc from 'fast-check'
import type { AgentContribution, JsonObject, SwarmEvent, TraceRow } from '../../src/contract.ts'
import {
  type AgentDay,
  type AgentRow,
  addContribution,
  addEvents,
  addHeartbeat,
  agentRow,
  contributionOf,
  emptyAgentDay,
  emptyTraceState,
  extremesUnknown,
  heartbeatOf,
  isEmptyDay,
  projectTrace,
  removeContribution,
  sameContribution,
  type TraceState,
  withExtremes,
} from '../../src/projection/index.ts'

/** Ten seconds before midnight: traces end on two days. */
export const startMicros = (Date.UTC(2026, 10, 20, 23, 59, 50) * 1_000_000) / 1000

export function idOf(index: number): string {
  return `00000000-0000-4000-8000-${index.toString(16).padStart(12, '0')}`
}

export function event(
  eventType: string,
  atMs: number,
  metadata: JsonObject = {},
  more: Partial<SwarmEvent> = {},
): SwarmEvent {
  const timestampMicros = startMicros + atMs * 1000
  const eventId = more.eventId ?? idOf(Math.round(atMs * 8) + eventType.length)
  return { traceId: 't-1', source: 'kai', isDeadLetter: false, ...more, eventType, eventId, timestampMicros, metadata }
}

const agents = ['kai', 'scout', 'warren']
const optional = <T>(values: readonly T[]) => fc.constantFrom(...values, undefined)
const metadata = fc
  .record({
    title: optional<string | number>(['first', 'second', 7, '']),
    owner: optional(['ann', 'bob']),
    scoring_breakdown: optional([{ skill: 0.5 }, [1, 2], 0, null]),
    agent: optional<string | boolean>([...agents, true]),
    error: optional<string | object>(['broken', { code: 7 }]),
    uptime_ms: optional<number | string>([1000, 60_000.4, '1', -1]),
    busy_ms: optional([0, 500, 59_999.6]),
  })
  .map(record => JSON.parse(JSON.stringify(record)) as JsonObject)

const eventType = fc.constantFrom(
  'task.created',
  'task.assigned',
  'task.started',
  'task.completed',
  'task.failed',
  'task.timeout',
  'agent.heartbeat',
  'agent.note',
)

/** Distinct events of a few traces, with few different times, so that many are at the same one. */
export function distinctEvents(maxLength: number, traces = 3): fc.Arbitrary<SwarmEvent[]> {
  const one = fc.record({
    trace: fc.nat(traces - 1),
    source: fc.constantFrom(...agents, ''),
    eventType,
    atMs: fc.oneof(
      fc.integer({ min: 0, max: 20 }).map(s => s * 1000),
      fc.integer({ min: 0, max: 20_000 }),
    ),
    metadata,
    isDeadLetter: fc.integer({ min: 0, max: 19 }).map(n => n === 0),
  })
  const ids = fc.uniqueArray(fc.nat(1_000_000), { minLength: maxLength, maxLength })
  return fc.tuple(fc.array(one, { maxLength, size: 'max' }), ids).map(([events, numbers]) =>
    events.map(({ trace, atMs, ...rest }, index) =>
      event(rest.eventType, atMs, rest.metadata, {
        traceId: `t-${trace}`,
        source: rest.source,
        isDeadLetter: rest.isDeadLetter,
        eventId: idOf(numbers[index]!),
      }),
    ),
  )
}

/** The same events in another order, some of them again, cut into batches. */
export function deliveriesOf(events: readonly SwarmEvent[]): fc.Arbitrary<SwarmEvent[][]> {
  const all = fc.shuffledSubarray([...events], { minLength: events.length, maxLength: events.length })
  return fc
    .tuple(all, fc.shuffledSubarray([...events]), fc.array(fc.nat(events.length * 2), { maxLength: 8 }), fc.nat())
    .map(([once, again, cuts, seed]) => {
      const order = [...once, ...again].map((each, index) => ({ each, key: Math.imul(index + 1, seed | 1) >>> 0 }))
      const deliveries = order.sort((a, b) => a.key - b.key).map(({ each }) => each)
      const bounds = [0, ...cuts.toSorted((a, b) => a - b), deliveries.length]
      return bounds.slice(1).map((end, index) => deliveries.slice(bounds[index], end))
    })
}

/** What the store keeps. State and days go through JSON, as through a database. */
export class Tables {
  readonly #ids = new Set<string>()
  readonly states = new Map<string, TraceState>()
  readonly contributions = new Map<string, AgentContribution>()
  readonly days = new Map<string, AgentDay>()

  /** Returns those that were new. */
  write(batch: readonly SwarmEvent[]): SwarmEvent[] {
    const fresh = batch.filter(({ eventId }) => !this.#ids.has(eventId) && this.#ids.add(eventId))
    for (const [traceId, events] of Map.groupBy(fresh, each => each.traceId)) this.#change(traceId, events)
    for (const each of fresh) {
      const heartbeat = heartbeatOf(each)
      if (heartbeat) this.#changeDay(heartbeat, day => addHeartbeat(day, heartbeat))
    }
    for (const [key, day] of this.days)
      if (extremesUnknown(day)) this.days.set(key, withExtremes(day, this.#extremes(key)))
    return fresh
  }

  traceRows(): Map<string, TraceRow> {
    return new Map([...this.states.keys()].sort().map(id => [id, projectTrace(id, this.states.get(id)!)]))
  }

  agentRows(): Map<string, AgentRow> {
    return new Map([...this.days.keys()].sort().map(key => [key, agentRow(this.days.get(key)!)]))
  }

  #change(traceId: string, events: readonly SwarmEvent[]): void {
    const state = addEvents(this.states.get(traceId) ?? emptyTraceState, events)
    this.states.set(traceId, throughJson(state))
    const before = this.contributions.get(traceId)
    const now = contributionOf(projectTrace(traceId, state), state)
    if (sameContribution(before, now)) return
    if (before) this.#changeDay(before, day => removeContribution(day, before))
    this.contributions.delete(traceId)
    if (!now) return
    this.#changeDay(now, day => addContribution(day, now))
    this.contributions.set(traceId, now)
  }

  #changeDay(of: { agentId: string; day: string }, change: (day: AgentDay) => AgentDay): void {
    const key = `${of.agentId} ${of.day}`
    const day = change(this.days.get(key) ?? emptyAgentDay)
    if (isEmptyDay(day)) this.days.delete(key)
    else this.days.set(key, throughJson(day))
  }

  #extremes(key: string): { minMs: number; maxMs: number } {
    const durations = [...this.contributions.values()]
      .filter(({ agentId, day }) => `${agentId} ${day}` === key)
      .flatMap(({ durationMs }) => durationMs ?? [])
    return { minMs: Math.min(...durations), maxMs: Math.max(...durations) }
  }
}

export function throughJson<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T
}

export function tablesOf(batches: readonly (readonly SwarmEvent[])[]): Tables {
  const tables = new Tables()
  for (const batch of batches) tables.write(batch)
  return tables
}
