/** A client of gRPC that says exactly what a test wants, over a connection of its own. */
import { type ClientHttp2Session, type ClientHttp2Stream, connect, type IncomingHttpHeaders } from 'node:http2'

export const exportPath = '/opentelemetry.proto.collector.trace.v1.TraceService/Export'

export type GrpcAnswer = {
  readonly httpStatus: number
  readonly grpcStatus: number
  readonly message: string
  readonly headers: IncomingHttpHeaders
  /** With its prefix. */
  readonly body: Buffer
}

export class GrpcClient {
  readonly #session: ClientHttp2Session
  /** Resolves when the server has said that it takes no further call. */
  readonly refusesMore: Promise<void>

  constructor(port: number) {
    this.#session = connect(`http://127.0.0.1:${port}`)
    this.#session.on('error', () => undefined)
    this.refusesMore = new Promise(resolve => this.#session.on('goaway', () => resolve()))
  }

  /** A call whose body the test writes. */
  open(headers: Record<string, string> = {}): ClientHttp2Stream {
    const stream = this.#session.request({
      ':method': 'POST',
      ':path': exportPath,
      'content-type': 'application/grpc',
      te: 'trailers',
      ...headers,
    })
    stream.on('error', () => undefined)
    return stream
  }

  call(body: Buffer, headers: Record<string, string> = {}): Promise<GrpcAnswer> {
    const stream = this.open(headers)
    stream.end(body)
    return answerOf(stream)
  }

  close(): void {
    this.#session.destroy()
  }
}

/** Resolves when the call has ended, with its status from headers or trailers. */
export function answerOf(stream: ClientHttp2Stream): Promise<GrpcAnswer> {
  let headers: IncomingHttpHeaders = {}
  const pieces: Buffer[] = []
  stream.on('response', received => {
    headers = { ...headers, ...received }
  })
  stream.on('trailers', received => {
    headers = { ...headers, ...received }
  })
  stream.on('data', piece => pieces.push(piece))
  return new Promise(resolve =>
    stream.on('close', () =>
      resolve({
        httpStatus: Number(headers[':status']),
        grpcStatus: Number(headers['grpc-status']),
        message: decodeURIComponent(String(headers['grpc-message'] ?? '')),
        headers,
        body: Buffer.concat(pieces),
      }),
    ),
  )
}

/** A message with its prefix. */
export function framed(message: Buffer, isCompressed = false, length = message.length): Buffer {
  const prefix = Buffer.alloc(5)
  prefix[0] = isCompressed ? 1 : 0
  prefix.writeUInt32BE(length, 1)
  return Buffer.concat([prefix, message])
}
