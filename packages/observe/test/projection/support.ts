/** Events of all kinds, in any order. */

import fc from 'fast-check'
import type { JsonObject, SwarmEvent } from '../../src/contract.ts'

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

export function throughJson<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T
}
