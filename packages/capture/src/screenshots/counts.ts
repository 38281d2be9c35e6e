import { ChronicleError } from '@chronicle/base'
import { Counter, Gauge, type Registry } from '@chronicle/telemetry'
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
  const registers = [registry]
  const labelled = (name: string, help: string, label: string, values: () => Record<string, number>): void => {
    new Counter({
      name: `chronicle_capture_${name}`,
      help,
      labelNames: [label],
      registers,
      collect() {
        this.reset()
        for (const [value, count] of Object.entries(values())) this.inc({ [label]: value }, count)
      },
    })
  }
  const taken = () => ({ kept: counts.kept, repeated: counts.repeated })
  labelled('screenshots_total', 'Screenshots that were accepted', 'outcome', taken)
  labelled(
    'screenshots_refused_total',
    'Screenshots that were not accepted, by the code',
    'code',
    () => counts.all.refused,
  )
  labelled('screenshots_deleted_total', 'Screenshots whose bytes are gone, by why', 'reason', () => counts.all.deleted)
  new Gauge({
    name: 'chronicle_capture_screenshot_bytes',
    help: 'Bytes of screenshots that are held: waiting to be measured, in memory, in sealed files',
    labelNames: ['place'],
    registers,
    collect() {
      for (const [place, bytes] of Object.entries(held())) this.set({ place }, bytes)
    },
  })
}
