/** Bodies of requests that are read into memory: bounded each, bounded together (S10), and before anything was read refused where there is no room. */
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import type { Clock } from '@chronicle/base'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { serverErrors } from '../errors.ts'
import { type BodyBudgets, withinBudgets } from './body-budgets.ts'
import { shown } from './query.ts'
import { bodyTooLarge, readBody } from './read-body.ts'
import { announcedBytes } from './unread-body.ts'

const gunzipped = promisify(gunzip)

export type BodyLimits = {
  /** Of the body as it comes, and of what is decompressed. */
  readonly bytesMax: number
  /** Time for it to arrive. */
  readonly msMax: number
  /** What a byte of it takes at worst while it is worked on. */
  readonly memoryBytesPerByte: number
}

export type Exchange = { readonly request: FastifyRequest; readonly reply: FastifyReply }

/** Handlers of `scope` get requests of any type, before their body is read. */
export function takeBodiesUnread(scope: FastifyInstance): void {
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser('*', (_request, body, done) => done(null, body))
}

/** A client that waits for leave to send its body gets it here, and not before everything else is in order (RFC 9110, 10.1.1). */
export function continueIfExpected(request: FastifyRequest, reply: FastifyReply): void {
  if (/100-continue/i.test(request.headers.expect ?? '')) reply.raw.writeContinue()
}

/** The media type without its parameters, one of `accepted`. */
export function contentType<Type extends string>(request: FastifyRequest, accepted: readonly Type[]): Type {
  const given = request.headers['content-type']
  const type = given?.split(';')[0]?.trim().toLowerCase()
  const found = accepted.find(each => each === type)
  if (found === undefined) throw unsupported('content-type', given, accepted)
  return found
}

/**
 * Reads a body, decompresses it where `content-encoding` is gzip, and hands it to `use`; its memory counts as taken until that is done. Rejects with
 * 'server.body-too-large', 'server.busy', 'server.request-timed-out', 'server.encoding-not-accepted' and 'server.bad-request'.
 */
export async function withBody<T>(
  { request, reply }: Exchange,
  { limits, budgets, clock }: { readonly limits: BodyLimits; readonly budgets: BodyBudgets; readonly clock: Clock },
  use: (body: Buffer) => Promise<T>,
): Promise<T> {
  const { bytesMax } = limits
  const body = {
    announcedBytes: request.headers['transfer-encoding'] === undefined ? announcedBytes(request.raw) : undefined,
    read() {
      continueIfExpected(request, reply)
      return readBody(request.raw, limits, clock)
    },
    unpack: contentEncoding(request) === 'gzip' ? (packed: Buffer) => decompressed(packed, bytesMax) : undefined,
  }
  return withinBudgets(body, { ...limits, budgets }, use)
}

function contentEncoding(request: FastifyRequest): 'gzip' | 'identity' {
  const given = request.headers['content-encoding']
  const encoding = given?.trim().toLowerCase() ?? 'identity'
  if (encoding === 'gzip' || encoding === 'identity') return encoding
  throw unsupported('content-encoding', given, ['gzip', 'identity'])
}

function unsupported(header: string, value: string | undefined, accepted: readonly string[]): Error {
  return serverErrors.create('server.encoding-not-accepted', {
    header,
    value: shown(value),
    accepted: accepted.join(', '),
  })
}

async function decompressed(body: Buffer, bytesMax: number): Promise<Buffer> {
  try {
    return await gunzipped(body, { maxOutputLength: bytesMax })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw bodyTooLarge(bytesMax)
    throw serverErrors.create('server.bad-request', { field: 'body', accepted: 'gzip, as content-encoding says' })
  }
}
