/** How the bodies of requests get in: JSON into memory, within bounds, and raw bytes piece by piece. */
import type { Clock } from '@chronicle/base'
import type { Sessions } from '@chronicle/sessions'
import { sessionErrors } from '@chronicle/sessions'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { serverErrors } from '../../errors.ts'
import type { BytesBudget } from '../bytes-budget.ts'
import { type JsonWithData, parseJsonWithData } from '../json-with-data.ts'
import { bodyTooLarge, readBody } from '../read-body.ts'
import { continueIfExpected } from '../request-body.ts'
import { announcedBytes } from '../unread-body.ts'

export type BodyOptions = {
  readonly sessions: Sessions
  readonly clock: Clock
  /** Shared by all that is read into memory. */
  readonly budget: BytesBudget
}

/** Handlers of `scope` get requests of this type before their body is read, and of no other type. */
export function takeBodiesOf(scope: FastifyInstance, contentType: string): void {
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser(contentType, (_request, body, done) => done(null, body))
}

/**
 * Reads a body of JSON and hands it to `use`; the memory counts as taken until that is done. What cannot be had is refused before the body
 * is read: 'server.body-too-large', 'sessions.busy', 'server.busy'.
 */
export async function withJson<T>(
  exchange: { readonly request: FastifyRequest; readonly reply: FastifyReply; readonly bytesMax: number },
  { sessions, budget, clock }: BodyOptions,
  use: (json: JsonWithData) => Promise<T>,
): Promise<T> {
  const { request, reply, bytesMax } = exchange
  const bytes = announcedBytes(request.raw)
  if (bytes > bytesMax) throw bodyTooLarge(bytesMax, bytes)
  refuseWhenFull(sessions)
  const isAnnounced = request.headers['content-length'] !== undefined
  const giveBack = await budget.reserve(isAnnounced ? bytes : bytesMax)
  try {
    continueIfExpected(request, reply)
    const body = await readBody(request.raw, { bytesMax, msMax: sessions.settings.workerTimeoutMs }, clock)
    return await use(parse(body))
  } finally {
    giveBack()
  }
}

/** The body of a request as it comes. It is not asked for, nor read, before the first piece is. */
export async function* rawBody(request: FastifyRequest, reply: FastifyReply): AsyncGenerator<Uint8Array> {
  continueIfExpected(request, reply)
  // Whoever stops reading may still want to answer: the connection stays.
  yield* request.raw.iterator({ destroyOnReturn: false })
}

function refuseWhenFull(sessions: Sessions): void {
  const { queueLength, queueSize } = sessions.metrics()
  if (queueLength >= queueSize) throw sessionErrors.create('sessions.busy', { queueSize })
}

function parse(body: Buffer): JsonWithData {
  try {
    return parseJsonWithData(body)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    // The parser's own words repeat pieces of the body.
    throw serverErrors.create('server.bad-request', { field: 'body', accepted: 'JSON in UTF-8' })
  }
}
