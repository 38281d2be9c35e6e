import { Counter, Gauge, Histogram, type Registry } from '@chronicle/telemetry'
import type { Api } from '../codec/schema.ts'

/** Why a connection or a request was turned away. */
export type Refusal =
  | 'connections'
  | 'connections-per-address'
  | 'frame-length'
  | 'malformed'
  | 'unknown-api'
  | 'unsupported-version'
  | 'idle'
  | 'partial-frame'
  | 'send-stalled'
  | 'acks-0-failed'
  | 'reader-failed'
  | 'handler-failed'

const durationBucketsSeconds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]

/**
 * What the broker counts. Plain numbers that are read when somebody scrapes: nothing is looked up for a request.
 */
export class BrokerMetrics {
  bytesIn = 0
  bytesOut = 0
  connections = 0
  readonly requests = new Map<string, { count: number }>()
  readonly #refused: Counter<'reason'>
  readonly #durations: ReadonlyMap<string, Histogram>

  constructor(registry: Registry) {
    const registers = [registry]
    const { requests } = this
    const self = this
    new Counter({
      name: 'chronicle_kafka_requests_total',
      help: 'Requests by API',
      labelNames: ['api'],
      registers,
      collect() {
        this.reset()
        for (const [api, { count }] of requests) this.inc({ api }, count)
      },
    })
    counted(registry, 'chronicle_kafka_received_bytes_total', 'Bytes of requests received', () => self.bytesIn)
    counted(registry, 'chronicle_kafka_sent_bytes_total', 'Bytes of responses sent', () => self.bytesOut)
    new Gauge({
      name: 'chronicle_kafka_connections',
      help: 'Connections that are open',
      registers,
      collect() {
        this.set(self.connections)
      },
    })
    this.#refused = new Counter({
      name: 'chronicle_kafka_refused_total',
      help: 'Connections closed by the broker, by reason',
      labelNames: ['reason'],
      registers,
    })
    const duration = (name: string, what: string) =>
      new Histogram({
        name: `chronicle_kafka_${name}_duration_seconds`,
        help: `From the arrival of a ${what} request to its answer`,
        buckets: durationBucketsSeconds,
        registers,
      })
    this.#durations = new Map([
      ['Produce', duration('produce', 'Produce')],
      ['Fetch', duration('fetch', 'Fetch, its waiting included')],
    ])
  }

  /** What counts the requests of `api`: made once, used for every request. */
  countOf(api: Api): { count: number } {
    const count = { count: 0 }
    this.requests.set(api.name, count)
    return count
  }

  durationOf(api: Api): Histogram | undefined {
    return this.#durations.get(api.name)
  }

  refused(reason: Refusal): void {
    this.#refused.inc({ reason })
  }
}

function counted(registry: Registry, name: string, help: string, value: () => number): void {
  new Counter({
    name,
    help,
    registers: [registry],
    collect() {
      this.reset()
      this.inc(value())
    },
  })
}
