import type { Registry } from '@chronicle/telemetry'
import type { FastifyInstance } from 'fastify'

/** `/metrics`: Prometheus' text format, or for `Accept: application/json` the figures that `figures` gives. */
export function addMetricsRoute(app: FastifyInstance, registry: Registry, figures: () => object): void {
  const schema = {
    operationId: 'getMetrics',
    summary: 'Processing figures',
    description: "Prometheus' text format; with `Accept: application/json` the figures of sessions in JSON.",
    tags: ['server'],
    response: {
      200: {
        description: 'The figures',
        content: {
          'text/plain': { schema: { type: 'string' } },
          'application/json': { schema: { type: 'object', additionalProperties: { type: 'number' } } },
        },
      },
    },
  }
  app.get('/metrics', { schema }, async (request, reply) => {
    reply.header('cache-control', 'no-store').header('vary', 'accept')
    if (wantsJson(request.headers.accept)) return reply.send(figures())
    return reply.type(registry.contentType).send(await registry.metrics())
  })
}

/** Prometheus accepts everything and names text first. */
function wantsJson(accept: string | undefined): boolean {
  return accept !== undefined && /\bapplication\/json\b/.test(accept) && !/\btext\/plain\b/.test(accept)
}
