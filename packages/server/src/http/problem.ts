import { ChronicleError, messageOf } from '@chronicle/base'
import type { Logger } from '@chronicle/telemetry'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { serverErrors } from '../errors.ts'

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

/** The status of each code that an HTTP request can bring about; all others are failures of ours. */
const statusByCode = new Map<string, number>([
  ['server.not-found', 404],
  ['server.topic-not-found', 404],
  ['server.bad-request', 400],
  ['server.host-not-accepted', 403],
])

/** Answers with `error` as application/problem+json. What went wrong inside is logged and not told. */
export function sendProblem(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  logger: Logger,
): FastifyReply {
  const known = error instanceof ChronicleError ? error : fromFastify(error as FastifyError)
  const status = statusByCode.get(known.code) ?? 500
  if (status === 500) logger.error({ error, method: request.method, url: request.url }, 'an HTTP request failed')
  // Fastify's own refusals (a body too large, a method not allowed) keep their status.
  const given = (error as FastifyError).statusCode
  return reply
    .code(status === 400 && given !== undefined ? given : status)
    .type('application/problem+json')
    .send(problemBody(known, reply.statusCode))
}

export function problemBody(error: ChronicleError, status: number): Record<string, unknown> {
  const isOurs = status < 500
  return {
    type: `urn:chronicle:${error.code}`,
    title: error.summary,
    status,
    detail: isOurs ? error.message : error.summary,
    code: error.code,
    remedy: error.remedy,
  }
}

function fromFastify(error: FastifyError): ChronicleError {
  const { statusCode = 500 } = error
  if (statusCode >= 500) return serverErrors.create('server.internal-error', {}, error)
  return serverErrors.create('server.bad-request', { reason: messageOf(error) }, error)
}
