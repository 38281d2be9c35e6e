/**
 * Of the library the kinds of metrics alone: as a whole it brings what pushes metrics, gathers those of clusters and traces, 10 MB of memory that nothing here uses. Its
 * files have no door of their own; a version that moves them does not load.
 */
import { createRequire } from 'node:module'
import type * as library from 'prom-client'

const load = createRequire(import.meta.url)

export const Counter: typeof library.Counter = load('prom-client/lib/counter.js')
export type Counter<Label extends string = string> = library.Counter<Label>
export const Gauge: typeof library.Gauge = load('prom-client/lib/gauge.js')
export type Gauge<Label extends string = string> = library.Gauge<Label>
export const Histogram: typeof library.Histogram = load('prom-client/lib/histogram.js')
export type Histogram<Label extends string = string> = library.Histogram<Label>
export const Registry: typeof library.Registry = load('prom-client/lib/registry.js')
export type Registry = library.Registry

/** The one registry of a process. Metrics are registered on it by the packages that own them. */
export function createRegistry(): Registry {
  return new Registry()
}

/** Adds what Prometheus expects of every process: CPU, memory, file descriptors, event loop delay, garbage collection. */
export function collectProcessMetrics(registry: Registry): void {
  const collect: typeof library.collectDefaultMetrics = load('prom-client/lib/defaultMetrics.js')
  collect({ register: registry })
}
