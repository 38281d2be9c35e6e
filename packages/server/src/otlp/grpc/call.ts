/** One call of `opentelemetry.proto.collector.trace.v1.TraceService/Export`. */
import { constants, type IncomingHttpHeaders, type OutgoingHttpHeaders, type ServerHttp2Stream } from 'node:http2'
import type { Clock } from '@chronicle/base'
import { exportAnswer } from '@chronicle/observe'
import { serverErrors } from '../../errors.ts'
import { arrived, type ExportRequest, type TraceExports } from '../exports.ts'
import { arrivalMsMax } from '../limits.ts'
import { grpcCodes } from '../refusal.ts'
import { acceptedCompressions, compressionOf } from '../unpack.ts'
import { beginMessage, framed, invalidMessage } from './message.ts'
import { failedTrailers, okTrailers } from './status.ts'

const exportPath = '/opentelemetry.proto.collector.trace.v1.TraceService/Export'
const contentType = 'application/grpc'
const answerHeaders = {
  ':status': 200,
  'content-type': contentType,
  'grpc-accept-encoding': `identity, ${acceptedCompressions}`,
}

const unimplemented = {
  'grpc-status': grpcCodes.unimplemented,
  'grpc-message': `traces are taken here: ${exportPath}`,
}

export type CallOptions = { readonly exports: TraceExports; readonly clock: Clock }

/** Answers a call. A client that gives up resets its stream: its deadline needs no clock of ours. */
export async function answerCall(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  { exports, clock }: CallOptions,
): Promise<void> {
  if (!isGrpc(headers)) return refuseHttp(stream)
  if (headers[':path'] !== exportPath) return end(stream, { ...answerHeaders, ...unimplemented })
  try {
    const taken = await exports.take(await requestOf(stream, headers, clock), 'grpc')
    if (stream.destroyed) return
    stream.respond(answerHeaders, { waitForTrailers: true })
    stream.on('wantTrailers', () => stream.sendTrailers(okTrailers))
    stream.end(framed(exportAnswer(taken, 'protobuf')))
  } catch (error) {
    end(stream, { ...answerHeaders, ...failedTrailers(exports.refused(error, 'grpc')) })
  }
}

/** S20: as far as the length of its message; the rest waits in the flow-control window until there is room. */
async function requestOf(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  clock: Clock,
): Promise<ExportRequest> {
  const compression = compressionOf(headerOf(headers, 'grpc-encoding'))
  // To answer is possible also where not everything was read.
  const pieces: AsyncIterator<Buffer> = stream.iterator({ destroyOnReturn: false })
  const message = await arrived(() => inTime(beginMessage(pieces), clock))
  if (message.isCompressed && compression === undefined)
    throw invalidMessage('a compressed message, and no grpc-encoding')
  return {
    encoding: 'protobuf',
    compression: message.isCompressed ? compression : undefined,
    announcedBytes: message.bytes,
    read: () => inTime(message.read(), clock),
  }
}

function inTime<T>(reading: Promise<T>, clock: Clock): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = clock.after(arrivalMsMax, () =>
      reject(serverErrors.create('server.request-timed-out', { withinMs: arrivalMsMax })),
    )
    reading.then(resolve, reject).finally(() => timer.cancel())
  })
}

/** `application/grpc`, or with `+proto`: there is no other encoding here. */
function isGrpc(headers: IncomingHttpHeaders): boolean {
  return (
    headers[':method'] === 'POST' && /^application\/grpc(\+proto)?(;|$)/i.test(headerOf(headers, 'content-type') ?? '')
  )
}

function headerOf(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name]
  return Array.isArray(value) ? value[0] : value
}

/** Whoever does not speak gRPC understands HTTP's status. */
function refuseHttp(stream: ServerHttp2Stream): void {
  end(stream, { ':status': 415, 'content-type': 'text/plain' })
}

/** An answer without a message: headers alone, whatever of the call is still to come. */
function end(stream: ServerHttp2Stream, headers: OutgoingHttpHeaders): void {
  if (stream.destroyed || stream.closed) return
  stream.respond(headers, { endStream: true })
  if (!stream.readableEnded) stream.close(constants.NGHTTP2_NO_ERROR)
}
