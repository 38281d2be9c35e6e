import type { Health } from '@chronicle/telemetry'
import type { FastifyInstance } from 'fastify'

const Status = {
  type: 'string',
  enum: ['pass', 'warn', 'fail'],
  description: 'warn still serves, fail does not',
} as const

const CheckView = {
  type: 'object',
  required: ['status', 'reason'],
  properties: { status: Status, reason: { type: 'string' } },
} as const

const HealthView = {
  $id: 'Health',
  description: 'How the server is, and why',
  type: 'object',
  required: ['status', 'version', 'checks'],
  properties: {
    status: Status,
    version: { type: 'string' },
    checks: { type: 'object', additionalProperties: CheckView },
  },
} as const

/** `/health`: 200 while the server serves, 503 with the reasons when it does not. */
export function addHealthRoute(app: FastifyInstance, health: Health, version: string): void {
  app.addSchema(HealthView)
  app.get(
    '/health',
    {
      schema: {
        operationId: 'getServerHealth',
        summary: 'How the server is',
        description:
          'Every check of the process, one sentence each: what starts, stops and balances servers asks here. `/api/v1/health` has the figures of events: what waits, sources, database, alerts.',
        tags: ['server'],
        response: {
          200: { description: 'The server serves', content: { 'application/json': { schema: { $ref: 'Health#' } } } },
          503: { description: 'It does not', content: { 'application/json': { schema: { $ref: 'Health#' } } } },
        },
      },
    },
    (_request, reply) => {
      const report = health.report()
      return reply
        .code(report.status === 'fail' ? 503 : 200)
        .header('cache-control', 'no-store')
        .send({ ...report, version })
    },
  )
}
