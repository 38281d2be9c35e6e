import { ChronicleError, messageOf } from '@chronicle/base'
import type { Logger } from '@chronicle/telemetry'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { serverErrors } from '../errors.ts'
import { statusOf } from './statuses.ts'
import { hasUnreadBody, sendBeforeBody } from './unread-body.ts'

/** The body of every answer that is an error (RFC 9457). */
export const Problem = {
  $id: 'Problem',
  description: 'An error, as application/problem+json',
  type: 'object',
  required: ['type', 'title', 'status', 'detail', 'code', 'remedy'],
  properties: {
    type: { type: 'string', description: 'urn:chronicle: and the code' },
    title: { type: 'string', description: 'What the code means' },
    status: { type: 'integer' },
    detail: { type: 'string', description: 'What happened this time' },
    code: { type: 'string', description: 'See docs/errors.md' },
    remedy: { type: 'string', description: 'What to do' },
  },
} as const

/** How a route declares that it may answer with a problem. */
export function problemResponse(description: string): object {
  return { description, content: { 'application/problem+json': { schema: { $ref: 'Problem#' } } } }
}

/** What is full or restarting has room again soon. */
const retryAfterSeconds = 1

/** Answers with `error` as application/problem+json. What went wrong inside is logged and not told. */
export function sendProblem(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  logger: Logger,
): FastifyReply {
  const known = knownError(error)
  const status = problemStatus(error)
  if (status === 503) logAway(known, request, logger)
  else if (status >= 500) logger.error({ error, method: request.method, url: request.url }, 'an HTTP request failed')
  if (status === 429 || status === 503) reply.header('retry-after', String(retryAfterSeconds))
  const body = problemBody(known, status)
  reply.code(status).type('application/problem+json')
  return hasUnreadBody(request, status) ? sendBeforeBody(reply, JSON.stringify(body)) : reply.send(body)
}

/** What is away comes back, and is asked for again and again meanwhile: one short line for each. */
function logAway({ code, message }: ChronicleError, { method, routeOptions }: FastifyRequest, logger: Logger): void {
  logger.warn({ code, reason: message, method, route: routeOptions.url }, 'an HTTP request could not be served')
}

/** The status that `error` is answered with. Fastify's own refusals (a body too large, a method not allowed) keep theirs. */
export function problemStatus(error: unknown): number {
  const status = statusOf(knownError(error).code)
  const given = (error as FastifyError).statusCode
  return status === 400 && given !== undefined ? given : status
}

export function problemOf(error: unknown): Record<string, unknown> {
  return problemBody(knownError(error), problemStatus(error))
}

/** Failures of ours whose details are no secret, and without which nobody could help himself: which object, which tile. */
const toldInFull: readonly string[] = [
  'sessions.damaged',
  'vault.tree-damaged',
  'vault.tile-missing',
  'log.storage',
  'observe.database-unavailable',
  'observe.database-refused',
  'observe.query-timeout',
]

export function problemBody(error: ChronicleError, status: number): Record<string, unknown> {
  const isTold = status < 500 || toldInFull.includes(error.code)
  return {
    type: `urn:chronicle:${error.code}`,
    title: error.summary,
    status,
    detail: isTold ? error.message : error.summary,
    code: error.code,
    remedy: error.remedy,
  }
}

/** As this project's errors: what Fastify refuses becomes one of ours. */
export function knownError(error: unknown): ChronicleError {
  return error instanceof ChronicleError ? error : fromFastify(error as FastifyError)
}

function fromFastify(error: FastifyError): ChronicleError {
  const { statusCode = 500 } = error
  if (statusCode >= 500) return serverErrors.create('server.internal-error', {}, error)
  return serverErrors.create('server.bad-request', { reason: messageOf(error) }, error)
}
