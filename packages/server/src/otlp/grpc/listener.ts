import { once } from 'node:events'
import { createServer, type ServerHttp2Session } from 'node:http2'
import type { AddressInfo } from 'node:net'
import type { Clock, Stoppable } from '@chronicle/base'
import type { TraceExports } from '../exports.ts'
import { grpcDrainMsMax, grpcHeaderPairsMax, grpcIdleMsMax, grpcStreamsMax } from '../limits.ts'
import { answerCall } from './call.ts'

export type GrpcOptions = {
  readonly address: string
  readonly port: number
  readonly connectionsMax: number
  readonly exports: TraceExports
  readonly clock: Clock
}

export type GrpcListener = Stoppable & { readonly port: number }

/**
 * Listens for OTLP over gRPC: HTTP/2 without TLS, as exporters speak it to a server on their own machine. Rejects as listen(2) does. No page of a browser
 * gets here: none speaks HTTP/2 without TLS.
 */
export async function startGrpcListener(options: GrpcOptions): Promise<GrpcListener> {
  const { clock } = options
  const sessions = new Set<ServerHttp2Session>()
  const server = createServer({
    settings: { maxConcurrentStreams: grpcStreamsMax },
    maxHeaderListPairs: grpcHeaderPairsMax,
  })
  server.maxConnections = options.connectionsMax
  server.on('session', session => {
    sessions.add(session)
    session.on('close', () => sessions.delete(session))
    session.setTimeout(grpcIdleMsMax, () => session.close())
  })
  // A client that breaks the protocol or its connection ends its session, and that is all.
  server.on('sessionError', () => undefined)
  server.on('stream', (stream, headers) => {
    stream.on('error', () => undefined)
    void answerCall(stream, headers, options)
  })
  server.listen(options.port, options.address)
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    async stop() {
      const closed = once(server, 'close')
      server.close()
      for (const session of sessions) session.close()
      const timer = clock.after(grpcDrainMsMax, () => {
        for (const session of sessions) session.destroy()
      })
      await closed
      timer.cancel()
    },
  }
}
