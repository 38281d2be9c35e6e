import type { Clock } from '@chronicle/base'
import type { Sessions } from '@chronicle/sessions'
import type { FastifyInstance } from 'fastify'
import { BytesBudget } from './bytes-budget.ts'
import { addJsonChunkRoutes } from './sessions/chunks-json.ts'
import { addRawChunkRoutes } from './sessions/chunks-raw.ts'
import { jsonBudget } from './sessions/limits.ts'
import { auditRefusals } from './sessions/refusals.ts'
import { sharedSchemas } from './sessions/schemas.ts'
import { addStateRoutes } from './sessions/state.ts'
import { addTreeRoutes } from './sessions/tree.ts'

/** The routes under /api/v1/chunks and /api/v1/sessions. Each kind of body has a scope of its own. */
export function addSessionRoutes(app: FastifyInstance, sessions: Sessions, clock: Clock): void {
  const budget = new BytesBudget(jsonBudget(sessions.settings), clock)
  for (const schema of sharedSchemas) app.addSchema(schema)
  const scoped = (add: (scope: FastifyInstance) => void): void => {
    app.register(async scope => {
      // Schemas describe here. What checks is written by hand, so that a refusal names field, value and what is accepted.
      scope.setValidatorCompiler(() => () => true)
      auditRefusals(scope, sessions)
      add(scope)
    })
  }
  scoped(scope => addJsonChunkRoutes(scope, { sessions, clock, budget }))
  scoped(scope => addRawChunkRoutes(scope, sessions))
  scoped(scope => addTreeRoutes(scope, sessions))
  scoped(scope => addStateRoutes(scope, sessions))
}
