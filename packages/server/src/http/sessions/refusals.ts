import type { Sessions } from '@chronicle/sessions'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { knownError } from '../problem.ts'

/** S15: what is refused before sessions see it lands in the audit log as well. */
export function auditRefusals(scope: FastifyInstance, sessions: Sessions): void {
  scope.addHook('onError', async (request, _reply, error) =>
    sessions.recordRefusal(requestOf(request), knownError(error)),
  )
}

/** What was asked for, as the audit log has it: the route, and the session and chunk in its path. */
export function requestOf({ method, routeOptions, params }: FastifyRequest): Record<string, string> {
  const { session_id: session, chunk_index: chunk } = params as Readonly<Record<string, string | undefined>>
  return { method, route: routeOptions.url ?? '', ...(session && { session }), ...(chunk && { chunk }) }
}
