import type { Health } from '@chronicle/telemetry'
import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'

const Status = Type.Union([Type.Literal('pass'), Type.Literal('warn'), Type.Literal('fail')], {
  description: 'warn still serves, fail does not',
})

const HealthView = Type.Object(
  {
    status: Status,
    version: Type.String(),
    checks: Type.Record(Type.String(), Type.Object({ status: Status, reason: Type.Optional(Type.String()) })),
  },
  { $id: 'Health', description: 'How the server is, and why' },
)

/** `/health`: 200 while the server serves, 503 with the reasons when it does not. */
export function addHealthRoute(app: FastifyInstance, health: Health, version: string): void {
  app.addSchema(HealthView)
  app.get(
    '/health',
    {
      schema: {
        summary: 'How the server is',
        tags: ['server'],
        response: {
          200: { description: 'The server serves', content: { 'application/json': { schema: Type.Ref('Health#') } } },
          503: { description: 'It does not', content: { 'application/json': { schema: Type.Ref('Health#') } } },
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
