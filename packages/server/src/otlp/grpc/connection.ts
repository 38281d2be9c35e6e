import { performServerHandshake, type ServerHttp2Session } from 'node:http2'
import type { Socket } from 'node:net'
import { grpcHeaderPairsMax, grpcIdleMsMax, grpcStreamsMax } from '../limits.ts'
import { answerCall, type CallOptions } from './call.ts'

/** Speaks HTTP/2 on a connection, and answers the calls that come on it. */
export function serveConnection(socket: Socket, options: CallOptions): ServerHttp2Session {
  const session = performServerHandshake(socket, {
    settings: { maxConcurrentStreams: grpcStreamsMax },
    maxHeaderListPairs: grpcHeaderPairsMax,
  })
  // A client that breaks the protocol ends its session, and that is all.
  session.on('error', () => undefined)
  session.setTimeout(grpcIdleMsMax, () => session.close())
  session.on('stream', (stream, headers) => {
    stream.on('error', () => undefined)
    void answerCall(stream, headers, options)
  })
  return session
}
