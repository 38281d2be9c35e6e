import type { Registry } from '@chronicle/telemetry'

export const metricsFormats = ['prometheus', 'json'] as const
export type MetricsFormat = (typeof metricsFormats)[number]

/** All metrics as text: Prometheus' format (0.0.4), or a JSON list of metrics with their values. */
export async function metricsAs(registry: Registry, format: MetricsFormat): Promise<{ type: string; body: string }> {
  if (format === 'prometheus') return { type: registry.contentType, body: await registry.metrics() }
  return { type: 'application/json', body: `${JSON.stringify(await registry.getMetricsAsJSON(), null, 2)}\n` }
}
