import type { Stoppable } from '@chronicle/base'
import type { Logger, Registry } from '@chronicle/telemetry'
import { startPagesServer } from './pages-server.ts'

/** Serves `GET /metrics` in Prometheus' text format (0.0.4). */
export function startMetricsServer(options: {
  address: string
  port: number
  registry: Registry
  logger: Logger
}): Promise<Stoppable & { readonly port: number }> {
  const { registry, ...rest } = options
  const metrics = async () => ({ status: 200, type: registry.contentType, body: await registry.metrics() })
  return startPagesServer({ ...rest, pages: { '/metrics': metrics } })
}
