/** A capture that runs in the process of the test, and what comes out of it. */
import assert from 'node:assert/strict'
import { defaultConfig, type EventBatch, type StorageConfig, StorageModule } from '../src/index.ts'
import type { StorageMetrics } from '../src/storage-metrics.ts'
import { eventually } from './bus-support.ts'

/** Windows that are soon over. */
export const quick = { ...defaultConfig, batchWindowSeconds: 1, allowedLatenessMs: 50 }

/** What came to the analysis. */
export class Taken {
  readonly batches = new Map<string, EventBatch>()

  async take(batch: EventBatch): Promise<void> {
    this.batches.set(batch.batch_id, batch)
  }

  get ids(): string[] {
    return [...this.batches.values()].flatMap(batch => batch.events.map(event => event.id))
  }

  /** CW4: each of these in one batch, and nothing else. */
  async assertGets(wanted: readonly string[]): Promise<void> {
    await eventually(() => this.ids.length >= wanted.length)
    const { ids } = this
    assert.equal(ids.length, wanted.length)
    assert.equal(new Set([...ids, ...wanted]).size, wanted.length, 'others came, or one twice')
  }
}

export type Running = { readonly storage: StorageModule; readonly taken: Taken }

/** Starts one that hands every batch to `taken`, unless there is another taker. */
export async function startCapture(
  databasePath: string,
  config: Partial<StorageConfig> = {},
  take?: (batch: EventBatch) => Promise<void>,
): Promise<Running> {
  const storage = await StorageModule.create({ ...quick, ...config, databasePath })
  const taken = new Taken()
  storage.bus.subscribeBatches(take ?? (batch => taken.take(batch)))
  await storage.run()
  return { storage, taken }
}

export function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((all, one) => all + one, 0)
}

/** Everything that was received has one end, and one only. */
export function isSettled({ events }: StorageMetrics): boolean {
  return events.received === events.stored + events.repeated + sum(events.refused) + sum(events.lost)
}
