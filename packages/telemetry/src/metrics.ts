import { Registry } from 'prom-client'

export { Counter, Gauge, Histogram, Registry } from 'prom-client'

/** The one registry of a process. Metrics are registered on it by the packages that own them. */
export function createRegistry(): Registry {
  return new Registry()
}
