import { Gauge, type Registry } from '@chronicle/telemetry'
import { type CountMetric, registerCounts } from './count-metric.ts'
import type { Pipeline } from './pipeline.ts'
import type { Screenshots } from './screenshots/index.ts'

/** Everything that is counted since the start, and how much waits now. */
export type StorageMetrics = ReturnType<typeof storageMetrics>

/** `pipeline` undefined before `run`. */
export function storageMetrics(
  pipeline: Pipeline | undefined,
  screenshots: Screenshots,
  lostOnBus: Readonly<Record<string, number>>,
) {
  const counts = pipeline?.counts
  return {
    events: {
      received: counts?.received ?? 0,
      stored: counts?.stored ?? 0,
      repeated: counts?.repeated ?? 0,
      late: counts?.late ?? 0,
      spilled: counts?.spilled ?? 0,
      /** Not accepted, by the field that was wrong. */
      refused: Object.fromEntries(counts?.refused ?? []),
      /** By why. */
      lost: Object.fromEntries(counts?.lost ?? []),
    },
    windows: {
      closed: counts?.windowsClosed ?? 0,
      built: counts?.windowsBuilt ?? 0,
      batchesDelivered: counts?.batchesDelivered ?? 0,
      deliveriesFailed: counts?.deliveriesFailed ?? 0,
    },
    waiting: pipeline?.waiting() ?? { queueEvents: 0, queueBytes: 0, spillEvents: 0, spillBytes: 0, unanswered: 0 },
    screenshots: screenshots.metrics(),
    /** Published on this bus and given to nobody, by why. */
    bus: { lost: lostOnBus },
  }
}

/** The same for Prometheus; those of screenshots are their own. */
export function registerStorageMetrics(registry: Registry, metrics: () => StorageMetrics): void {
  const counter = (name: string, help: string, label: string, counts: CountMetric['counts']): void =>
    registerCounts(registry, { name, help, label, counts })
  const outcomes = (): Record<string, number> => {
    const { refused: _, lost: __, ...events } = metrics().events
    return events
  }
  counter('events_total', 'Events, by how far they came', 'outcome', outcomes)
  counter('events_refused_total', 'Events that were malformed, by the field', 'field', () => metrics().events.refused)
  counter('events_lost_total', 'Events that were lost, by why', 'reason', () => metrics().events.lost)
  counter('bus_lost_total', 'Events that were published and reached nobody, by why', 'reason', () => metrics().bus.lost)
  counter('windows_total', 'Windows and their batches, by how far they came', 'outcome', () =>
    labels(metrics().windows),
  )
  new Gauge({
    name: 'chronicle_capture_waiting',
    help: 'What waits: events and bytes in memory and in the spill, batches without an answer',
    labelNames: ['what'],
    registers: [registry],
    collect() {
      for (const [what, value] of Object.entries(labels(metrics().waiting))) this.set({ what }, value)
    },
  })
}

/** Named as Prometheus names things: `queue_events`. */
function labels(counts: Readonly<Record<string, number>>): Record<string, number> {
  const nameOf = (name: string): string => name.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`)
  return Object.fromEntries(Object.entries(counts).map(([name, count]) => [nameOf(name), count]))
}
