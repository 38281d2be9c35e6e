/** Buses, and what stands at both of their ends. */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { systemClock, systemRandom } from '@chronicle/base'
import { silentLogger } from '@chronicle/telemetry'
import { type Bus, type EventSink, openTopicBus, topicBusLimits } from '../src/bus/index.ts'
import type { EventBatch } from '../src/contract.ts'
import type { SourcePosition } from '../src/store/positions.ts'
import { idOf } from './screenshots-support.ts'

/** Of the events and the batches; that of the keys is named after the first. */
export type Topics = { readonly events: string; readonly batches: string }

export function topicBus(bootstrap: string, topics: Topics, limits = topicBusLimits): Promise<Bus> {
  return openTopicBus({
    bootstrap,
    topics: { ...topics, keys: `${topics.events}-keys` },
    clock: systemClock,
    random: systemRandom,
    logger: silentLogger,
    limits,
  })
}

/** A store in memory: what it takes is stored with its position at once. */
export class MemorySink implements EventSink {
  readonly events: unknown[] = []
  readonly positions = new Map<string, number>()

  receive({ event }: { event: unknown }): void {
    this.events.push(event)
  }

  async receiveFrom({ event }: { event: unknown }, next: SourcePosition): Promise<void> {
    const name = `${next.source}/${next.partition}`
    assert.ok((this.positions.get(name) ?? 0) < next.position, 'positions grow')
    this.positions.set(name, next.position)
    this.events.push(withOwnImage(event))
  }

  positionOf(source: string, partition: number): number {
    return this.positions.get(`${source}/${partition}`) ?? 0
  }
}

/** The image is overwritten as soon as the store has taken it. */
function withOwnImage(event: unknown): unknown {
  const { data, ...rest } = Object(event) as { data?: { image?: Uint8Array } }
  return data?.image ? { ...rest, data: { ...data, image: Buffer.from(data.image) } } : event
}

export function eventNumber(number: number): Record<string, unknown> {
  return {
    id: idOf(number),
    timestamp: 1_800_000_000_000 + number,
    session_id: idOf(7),
    event_type: 'note',
    data: { number },
  }
}

export function batchNumber(number: number): EventBatch {
  return {
    batch_id: idOf(number),
    window_id: idOf(number),
    window_start: '2026-11-21T12:00:00.000Z',
    window_end: '2026-11-21T12:00:30.000Z',
    session_id: idOf(7),
    part: 1,
    parts: 1,
    events: [],
    counts: {},
    aggregates: { keys: 0, clicks: 0, distance_px: 0, focus_changes: 0, idle_ms: 0 },
    screenshots: [],
  }
}

/** Asks again until it holds: the broker is another process. */
export async function eventually(holds: () => boolean): Promise<void> {
  for (let look = 0; look < 1200; look++) {
    if (holds()) return
    await sleep(25)
  }
  assert.fail('it does not come about')
}
