/** What sessions there are, and the two ways in which one ends. */
import type { Sessions } from '@chronicle/sessions'
import type { FastifyInstance } from 'fastify'
import { serverErrors } from '../../errors.ts'
import { queryNumber, queryText } from '../query.ts'
import { takeBodiesOf } from './body.ts'
import * as schemas from './schemas.ts'
import { rootView, sessionView } from './views.ts'

type SessionPath = { Params: { session_id: string }; Querystring: Record<string, unknown> }
type Query = { Querystring: Record<string, unknown> }

const session = '/api/v1/sessions/:session_id'
const sessionsPerPageMax = 1000
const sessionsPerPage = 100

/** GET of a session and of all, POST …/finalize, DELETE. */
export function addStateRoutes(scope: FastifyInstance, sessions: Sessions): void {
  // None of them needs a body; what some clients send all the same is not read.
  takeBodiesOf(scope, '*')
  scope.get<Query>('/api/v1/sessions', { schema: schemas.listSessions }, async ({ query }) => {
    const limit = queryNumber(query, 'limit', { min: 1, max: sessionsPerPageMax }, sessionsPerPage)
    const after = queryText(query, 'after')
    const page = await sessions.sessions(after === undefined ? { limit } : { limit, after })
    return { sessions: page.sessions.map(sessionView), damaged: page.damaged, next: page.next }
  })
  scope.get<SessionPath>(session, { schema: schemas.getSession }, async request =>
    sessionView(await sessions.session(request.params.session_id)),
  )
  scope.post<SessionPath>(`${session}/finalize`, { schema: schemas.finalize }, async request =>
    rootView(await sessions.finalize(request.params.session_id)),
  )
  scope.delete<SessionPath>(session, { schema: schemas.deleteSession }, async request => {
    const { session_id } = request.params
    const confirm = queryText(request.query, 'confirm')
    if (confirm !== session_id) {
      throw serverErrors.create('server.confirmation-missing', { session_id: session_id.slice(0, 85) })
    }
    return sessionView(await sessions.delete(session_id))
  })
}
