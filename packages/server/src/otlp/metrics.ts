import { Counter, type Registry } from '@chronicle/telemetry'
import type { Outcome } from './refusal.ts'

export type Transport = 'http' | 'grpc'

/** What became of requests and spans. */
export class OtlpMetrics {
  readonly #requests: Counter
  readonly #spans: Counter

  constructor(registry: Registry) {
    const registers = [registry]
    this.#requests = new Counter({
      name: 'chronicle_observe_otlp_requests_total',
      help: 'OTLP requests, by what became of them',
      labelNames: ['transport', 'outcome'],
      registers,
    })
    this.#spans = new Counter({
      name: 'chronicle_observe_otlp_spans_total',
      help: 'Spans of OTLP requests that were taken: durable, or rejected one by one',
      labelNames: ['outcome'],
      registers,
    })
  }

  taken(transport: Transport, { takenSpans, rejectedSpans }: { takenSpans: number; rejectedSpans: number }): void {
    this.#requests.inc({ transport, outcome: rejectedSpans === 0 ? 'taken' : 'partial' })
    this.#spans.inc({ outcome: 'taken' }, takenSpans)
    this.#spans.inc({ outcome: 'rejected' }, rejectedSpans)
  }

  refused(transport: Transport, outcome: Outcome): void {
    this.#requests.inc({ transport, outcome })
  }
}
