import assert from 'node:assert/strict'
import type { Delivery, SwarmDay } from '@chronicle/testing'
import type { RefusedEvent, SwarmEvent } from '../../src/contract.ts'
import { eventFromJson } from '../../src/event/index.ts'

/** What a source makes of a delivery of a swarm's day. */
export function readDelivery({ body, subject, atMs }: Delivery): SwarmEvent | RefusedEvent {
  return eventFromJson(body, {
    receivedMicros: atMs * 1_000,
    eventId: () => assert.fail('every event of the day has an id'),
    isDeadLetter: subject.startsWith('dlq.'),
  })
}

/** The events of a day as they are delivered, late, twice and out of order. */
export function deliveredEvents(day: SwarmDay): SwarmEvent[] {
  return day.deliveries.map(readDelivery).filter((event): event is SwarmEvent => !isRefused(event))
}

export function isRefused(event: SwarmEvent | RefusedEvent): event is RefusedEvent {
  return 'reason' in event
}

/** Every order with the same probability (Fisher and Yates). `int` draws a whole number below its argument. */
export function shuffled<T>(list: readonly T[], int: (limit: number) => number): T[] {
  const copy = [...list]
  for (let last = copy.length - 1; last > 0; last--) {
    const other = int(last + 1)
    ;[copy[last], copy[other]] = [copy[other]!, copy[last]!]
  }
  return copy
}
