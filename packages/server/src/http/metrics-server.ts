import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { messageOf, type Stoppable } from '@chronicle/base'
import type { Logger, Registry } from '@chronicle/telemetry'

/** A scrape needs a few at once; more is a mistake or an attack. */
const connectionsMax = 64
const requestMsMax = 10_000
const headerBytesMax = 8192

/** Serves `GET /metrics` in Prometheus' text format (0.0.4). */
export async function startMetricsServer(options: {
  address: string
  port: number
  registry: Registry
  logger: Logger
}): Promise<Stoppable & { readonly port: number }> {
  const { registry, logger } = options
  const server = createServer({ maxHeaderSize: headerBytesMax, requestTimeout: requestMsMax }, (request, response) => {
    const isScrape =
      request.url?.split('?')[0] === '/metrics' && (request.method === 'GET' || request.method === 'HEAD')
    if (!isScrape) {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('metrics are at /metrics\n')
      return
    }
    registry.metrics().then(
      text => response.writeHead(200, { 'content-type': registry.contentType }).end(text),
      error => {
        logger.error({ error }, 'metrics could not be collected')
        response.writeHead(500, { 'content-type': 'text/plain' }).end(`${messageOf(error)}\n`)
      },
    )
  })
  server.maxConnections = connectionsMax
  server.listen(options.port, options.address)
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    async stop() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}
