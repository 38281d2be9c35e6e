import { Counter, Gauge, Histogram, type Registry } from '@chronicle/telemetry'
import type { BatchReport } from './store/index.ts'

const sizeBuckets = [1, 10, 50, 100, 250, 500, 1000, 2500, 5000]
/** Seconds. */
const durationBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

/** What is counted on the way from the log to the tables. */
export class ProjectorMetrics {
  readonly #events: Counter
  readonly #failures: Counter
  readonly #dropped: Counter
  readonly #expired: Counter
  readonly #size: Histogram
  readonly #duration: Histogram

  /** `waiting`: events that are not in the tables, by topic. */
  constructor(registry: Registry, waiting: () => Readonly<Record<string, number>>) {
    const registers = [registry]
    const counter = (name: string, help: string, labelNames: string[] = []): Counter =>
      new Counter({ name: `chronicle_observe_${name}`, help, labelNames, registers })
    this.#events = counter('events_total', 'Events that went to the tables, by what became of them', ['outcome'])
    this.#failures = counter('write_failures_total', 'Attempts to write a batch that failed')
    this.#dropped = counter('dropped_events_total', 'Events left out of the tables by BUFFER_OVERFLOW=drop-oldest')
    this.#expired = counter('expired_records_total', 'Records that retention removed before the tables had them', [
      'topic',
    ])
    this.#size = new Histogram({
      name: 'chronicle_observe_batch_events',
      help: 'Events in a batch',
      buckets: sizeBuckets,
      registers,
    })
    this.#duration = new Histogram({
      name: 'chronicle_observe_write_seconds',
      help: 'Time that writing a batch took, when it succeeded',
      buckets: durationBuckets,
      registers,
    })
    new Gauge({
      name: 'chronicle_observe_waiting_events',
      help: 'Events taken in that are not in the tables yet',
      labelNames: ['topic'],
      registers,
      collect() {
        this.reset()
        for (const [topic, events] of Object.entries(waiting())) this.set({ topic }, events)
      },
    })
  }

  written(events: number, { inserted, duplicates, expired, deadLettered }: BatchReport, ms: number): void {
    this.#events.inc({ outcome: 'inserted' }, inserted)
    this.#events.inc({ outcome: 'duplicate' }, duplicates)
    this.#events.inc({ outcome: 'expired' }, expired)
    this.#events.inc({ outcome: 'dead-letter' }, deadLettered)
    this.#size.observe(events)
    this.#duration.observe(ms / 1000)
  }

  failed(): void {
    this.#failures.inc()
  }

  dropped(events: number): void {
    this.#dropped.inc(events)
  }

  expired(topic: string, records: number): void {
    this.#expired.inc({ topic }, records)
  }
}
