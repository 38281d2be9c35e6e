import { Counter, Gauge, type Health, Histogram, type Registry } from '@chronicle/telemetry'
import type { SessionMetrics } from './contract.ts'

/** Seconds. */
const durationBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

export type Gauges = Pick<SessionMetrics, 'queueLength' | 'queueSize' | 'workersBusy' | 'workers' | 'openSessions'>

/** What is counted, for Prometheus and for `metrics()`. */
export class SessionObserver {
  readonly #gauges: () => Gauges
  readonly #outcomes: Counter
  readonly #bytes: Counter
  readonly #duration: Histogram
  #processed = 0
  #failed = 0
  #repeated = 0
  #refused = 0
  #plainBytes = 0
  #storedBytes = 0

  constructor(registry: Registry, gauges: () => Gauges) {
    this.#gauges = gauges
    const registers = [registry]
    this.#outcomes = new Counter({
      name: 'chronicle_sessions_chunks_total',
      help: 'Chunks that were posted, by what became of them: stored, repeated, refused for want of room, failed',
      labelNames: ['outcome'],
      registers,
    })
    this.#bytes = new Counter({
      name: 'chronicle_sessions_bytes_total',
      help: 'Bytes of the chunks that were stored: plain as they were posted, stored as they were sealed',
      labelNames: ['kind'],
      registers,
    })
    this.#duration = new Histogram({
      name: 'chronicle_sessions_chunk_seconds',
      help: 'Time from the arrival of a chunk to its acknowledgement',
      buckets: durationBuckets,
      registers,
    })
    const gauge = (name: string, help: string, value: (gauges: Gauges) => number): void => {
      new Gauge({
        name: `chronicle_sessions_${name}`,
        help,
        registers,
        collect() {
          this.set(value(gauges()))
        },
      })
    }
    gauge('queue_length', 'Chunks that are being received or processed', now => now.queueLength)
    gauge('queue_size', 'Chunks that may be received or processed at once', now => now.queueSize)
    gauge('workers', 'Worker threads that are running', now => now.workers)
    gauge('workers_busy', 'Worker threads that have a chunk', now => now.workersBusy)
    gauge('open', 'Sessions that are held in memory', now => now.openSessions)
  }

  stored(plainBytes: number, storedBytes: number, ms: number): void {
    this.#processed++
    this.#plainBytes += plainBytes
    this.#storedBytes += storedBytes
    this.#outcomes.inc({ outcome: 'stored' })
    this.#bytes.inc({ kind: 'plain' }, plainBytes)
    this.#bytes.inc({ kind: 'stored' }, storedBytes)
    this.#duration.observe(ms / 1000)
  }

  repeated(): void {
    this.#repeated++
    this.#outcomes.inc({ outcome: 'repeated' })
  }

  failed(isBusy: boolean): void {
    if (isBusy) this.#refused++
    else this.#failed++
    this.#outcomes.inc({ outcome: isBusy ? 'busy' : 'failed' })
  }

  metrics(): SessionMetrics {
    return {
      chunksProcessed: this.#processed,
      chunksFailed: this.#failed,
      chunksRepeated: this.#repeated,
      plainBytes: this.#plainBytes,
      storedBytes: this.#storedBytes,
      refused: this.#refused,
      ...this.#gauges(),
    }
  }
}

/** What keeps sessions from working as they should, in the order of its weight; undefined where nothing does. */
export type Troubles = {
  /** Why the store did not take the last chunk. */
  readonly store: string | undefined
  readonly audit: string | undefined
  readonly roots: string | undefined
}

export function registerHealth(health: Health, troubles: () => Troubles): void {
  health.register('sessions', () => {
    const { store, audit, roots } = troubles()
    if (store !== undefined) return { status: 'fail', reason: `Chunks are not stored: ${store}` }
    if (audit !== undefined) return { status: 'fail', reason: `The audit log does not take events: ${audit}` }
    if (roots !== undefined) return { status: 'warn', reason: `A root was not announced or not cosigned: ${roots}` }
    return { status: 'pass', reason: 'chunks are sealed and stored' }
  })
}
