import { Counter, Gauge, type Registry } from '@chronicle/telemetry'

/** What came over HTTP, and who follows. */
export class ObserveHttpMetrics {
  readonly #requests: Counter
  readonly #events: Counter
  readonly #followers: Gauge

  constructor(registry: Registry) {
    const registers = [registry]
    this.#requests = new Counter({
      name: 'chronicle_observe_post_requests_total',
      help: 'Requests with events (POST /api/v1/events), by the status that they were answered with',
      labelNames: ['status'],
      registers,
    })
    this.#events = new Counter({
      name: 'chronicle_observe_posted_events_total',
      help: 'Events of requests that were taken: durable in the log, or refused and dead letters',
      labelNames: ['outcome'],
      registers,
    })
    this.#followers = new Gauge({
      name: 'chronicle_observe_followers',
      help: 'Clients that follow the events (GET /api/v1/events/stream)',
      registers,
    })
  }

  answered(status: number): void {
    this.#requests.inc({ status })
  }

  posted({ taken, refused }: { readonly taken: number; readonly refused: number }): void {
    this.#events.inc({ outcome: 'taken' }, taken)
    this.#events.inc({ outcome: 'refused' }, refused)
  }

  following(followers: number): void {
    this.#followers.set(followers)
  }
}
