import { collectDefaultMetrics, Registry } from 'prom-client'

export { Counter, Gauge, Histogram, Registry } from 'prom-client'

/** The one registry of a process. Metrics are registered on it by the packages that own them. */
export function createRegistry(): Registry {
  return new Registry()
}

/** Adds what Prometheus expects of every process: CPU, memory, file descriptors, event loop delay, garbage collection. */
export function collectProcessMetrics(registry: Registry): void {
  collectDefaultMetrics({ register: registry })
}
