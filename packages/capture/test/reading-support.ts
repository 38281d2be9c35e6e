/** A store without a pipeline around it: what is put in is stored at once, by a clock that is set. */
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { seededRandom } from '@chronicle/base'
import { jsonTextOf } from '../src/event/json.ts'
import { type CaptureReader, openCaptureReader } from '../src/index.ts'
import { Aggregates } from '../src/store/aggregates.ts'
import { CaptureDatabase } from '../src/store/database.ts'
import { EventStore } from '../src/store/event-store.ts'
import { noPayloadKeys } from '../src/store/payload-keys.ts'
import { Retention, retentionDays } from '../src/store/retention.ts'
import { windowJoined } from '../src/windows/assignment.ts'
import { makeDirectory, SetClock, shape } from './event-support.ts'

export type Put = {
  readonly id: string
  readonly sessionId: string
  readonly timestamp: number
  readonly eventType: string
  readonly data: Record<string, string | number>
  readonly receivedMs: number
}

const random = seededRandom(99)

export function eventAt(timestamp: number, sessionId: string, receivedMs = timestamp, eventType = 'note'): Put {
  const id = random.uuid()
  return { id, sessionId, timestamp, eventType, data: { text: id, at: timestamp }, receivedMs }
}

/** As the reader has to give it out. */
export function readBack({ id, sessionId, timestamp, eventType, data, receivedMs }: Put) {
  const windowStartMs = windowJoined(timestamp, receivedMs, shape)
  return { id, timestamp, sessionId, eventType, data, windowStartMs, late: timestamp < windowStartMs }
}

export type House = {
  readonly path: string
  readonly database: CaptureDatabase
  readonly reader: CaptureReader
  /** In one transaction. */
  put(events: readonly Put[]): void
  /** Removes what is past its time at `nowMs`. */
  retain(nowMs: number): void
}

export function openHouse(t: Pick<TestContext, 'after'>): House {
  const path = join(makeDirectory(t), 'capture.db')
  const database = CaptureDatabase.open({ path })
  const keys = noPayloadKeys()
  const store = new EventStore({ database, keys, shape, clock: new SetClock(0), random })
  const aggregates = new Aggregates(database)
  const retention = new Retention({ database, aggregates, days: retentionDays, onExpired: () => undefined })
  const reader = openCaptureReader({ path })
  t.after(async () => {
    await reader.close()
    database.close()
  })
  return {
    path,
    database,
    reader,
    put: events => {
      const pending = events.map(({ data, ...event }) => ({ ...event, json: jsonTextOf(data) as string }))
      store.store({ events: pending, positions: [] })
    },
    retain: nowMs => {
      database.transaction(() => database.prepare("DELETE FROM meta WHERE name = 'retention_ms'").run())
      while (retention.step(nowMs));
    },
  }
}

export async function all<T>(portions: AsyncIterable<readonly T[]>): Promise<T[]> {
  const found: T[] = []
  for await (const portion of portions) found.push(...portion)
  return found
}
