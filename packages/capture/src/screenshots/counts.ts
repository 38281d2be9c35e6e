import { ChronicleError } from '@chronicle/base'
import { Gauge, type Registry } from '@chronicle/telemetry'
import { registerCounts } from '../count-metric.ts'
import type { DeletionReason } from './contract.ts'

/** What became of screenshots since the start. */
export class ShotCounts {
  kept = 0
  repeated = 0
  readonly #refused = new Map<string, number>()
  readonly #deleted = new Map<DeletionReason, number>()

  /** Of a screenshot whose event was not accepted: by the code of the error. */
  refused(error: unknown): void {
    add(this.#refused, error instanceof ChronicleError ? error.code : 'other')
  }

  deleted(reason: DeletionReason): void {
    add(this.#deleted, reason)
  }

  get all() {
    return {
      kept: this.kept,
      repeated: this.repeated,
      refused: Object.fromEntries(this.#refused),
      deleted: Object.fromEntries(this.#deleted) as Partial<Record<DeletionReason, number>>,
    }
  }
}

function add<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}

export type HeldBytes = Readonly<Record<'waiting' | 'memory' | 'files', number>>

export function registerShotMetrics(registry: Registry, counts: ShotCounts, held: () => HeldBytes): void {
  registerCounts(registry, {
    name: 'screenshots_total',
    help: 'Screenshots that were accepted',
    label: 'outcome',
    counts: () => ({ kept: counts.kept, repeated: counts.repeated }),
  })
  registerCounts(registry, {
    name: 'screenshots_refused_total',
    help: 'Screenshots that were not accepted, by the code',
    label: 'code',
    counts: () => counts.all.refused,
  })
  registerCounts(registry, {
    name: 'screenshots_deleted_total',
    help: 'Screenshots whose bytes are gone, by why',
    label: 'reason',
    counts: () => counts.all.deleted,
  })
  new Gauge({
    name: 'chronicle_capture_screenshot_bytes',
    help: 'Bytes of screenshots that are held: waiting to be measured, in memory, in sealed files',
    labelNames: ['place'],
    registers: [registry],
    collect() {
      for (const [place, bytes] of Object.entries(held())) this.set({ place }, bytes)
    },
  })
}
