/** OTLP over HTTP (opentelemetry.io/docs/specs/otlp, section OTLP/HTTP): traces, as protobuf or JSON. */
import type { Clock } from '@chronicle/base'
import { exportAnswer, type OtlpEncoding, otlpContentTypes, statusAnswer } from '@chronicle/observe'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { serverErrors } from '../../errors.ts'
import type { ExportRequest, TraceExports } from '../../otlp/exports.ts'
import { arrivalMsMax, requestBytesMax, retryAfterSeconds } from '../../otlp/limits.ts'
import { acceptedCompressions, compressionOf } from '../../otlp/unpack.ts'
import { knownError, problemBody } from '../problem.ts'
import { readBody } from '../read-body.ts'
import { continueIfExpected, takeBodiesUnread } from '../request-body.ts'

import { announcedBytes, hasUnreadBody, sendBeforeBody } from '../unread-body.ts'
import { exportTraces } from './schema.ts'

/** POST /v1/traces. Browsers are not served: there is no CORS, and requests of pages of other sites are refused like everywhere else (S4). */
export function addOtlpRoutes(app: FastifyInstance, exports: TraceExports, clock: Clock): void {
  app.register(async scope => {
    takeBodiesUnread(scope)
    // Schemas describe here: the body is not read yet.
    scope.setValidatorCompiler(() => () => true)
    scope.setErrorHandler((error, request, reply) => sendRefusal(error, request, reply, exports))
    scope.post('/v1/traces', { schema: exportTraces }, async (request, reply) => {
      const encoding = encodingOf(request)
      if (encoding === undefined) throw notRead()
      const taken = await exports.take(requestOf(request, reply, { encoding, clock }), 'http')
      return reply.header('content-type', otlpContentTypes[encoding]).send(exportAnswer(taken, encoding))
    })
  })
}

const notRead = (): Error =>
  serverErrors.create('server.encoding-not-accepted', {
    header: 'content-type',
    accepted: Object.values(otlpContentTypes).join(', '),
  })

/** Undefined where it is neither of the two. */
function encodingOf(request: FastifyRequest): OtlpEncoding | undefined {
  const type = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase()
  return (['protobuf', 'json'] as const).find(encoding => otlpContentTypes[encoding] === type)
}

function requestOf(
  request: FastifyRequest,
  reply: FastifyReply,
  { encoding, clock }: { readonly encoding: OtlpEncoding; readonly clock: Clock },
): ExportRequest {
  const { headers } = request
  return {
    encoding,
    compression: compressionOf(headers['content-encoding']),
    announcedBytes: headers['transfer-encoding'] === undefined ? announcedBytes(request.raw) : undefined,
    read() {
      continueIfExpected(request, reply)
      return readBody(request.raw, { bytesMax: requestBytesMax, msMax: arrivalMsMax }, clock)
    },
  }
}

/** In the encoding of the request: a Status of gRPC; to who has none of the two, a problem like everywhere else. */
function sendRefusal(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  exports: TraceExports,
): FastifyReply {
  const { httpStatus, grpcCode, mayRetry, message } = exports.refused(error, 'http')
  const encoding = encodingOf(request)
  reply.code(httpStatus)
  if (mayRetry) reply.header('retry-after', String(retryAfterSeconds))
  if (httpStatus === 415 && encoding !== undefined) reply.header('accept-encoding', acceptedCompressions)
  const [type, body] =
    encoding === undefined
      ? ['application/problem+json', Buffer.from(JSON.stringify(problemBody(knownError(error), httpStatus)))]
      : [otlpContentTypes[encoding], statusAnswer(grpcCode, message, encoding)]
  reply.header('content-type', type)
  return hasUnreadBody(request, httpStatus) ? sendBeforeBody(reply, body) : reply.send(body)
}
