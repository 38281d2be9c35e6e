import { once } from 'node:events'
import type { ServerHttp2Session } from 'node:http2'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import type { Clock, Stoppable } from '@chronicle/base'
import type { TraceExports } from '../exports.ts'
import { grpcDrainMsMax } from '../limits.ts'

export type GrpcOptions = {
  readonly address: string
  readonly port: number
  readonly connectionsMax: number
  readonly exports: TraceExports
  readonly clock: Clock
}

export type GrpcListener = Stoppable & { readonly port: number }

/**
 * Listens for OTLP over gRPC: HTTP/2 without TLS, as exporters speak it to a server on their own machine. Rejects as listen(2) does. What speaks HTTP/2 is loaded
 * with the first connection, since most servers have none. No page of a browser gets here: none speaks HTTP/2 without TLS.
 */
export async function startGrpcListener(options: GrpcOptions): Promise<GrpcListener> {
  const sessions = new Set<ServerHttp2Session>()
  let isStopping = false
  const begin = async (socket: Socket): Promise<void> => {
    const { serveConnection } = await import('./connection.ts')
    if (isStopping || socket.destroyed) {
      socket.destroy()
      return
    }
    const session = serveConnection(socket, options)
    sessions.add(session)
    session.once('close', () => sessions.delete(session))
  }
  const server = createServer(socket => {
    // A connection that breaks ends its session, and that is all.
    socket.on('error', () => undefined)
    void begin(socket)
  })
  server.maxConnections = options.connectionsMax
  server.listen(options.port, options.address)
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    async stop() {
      isStopping = true
      const closed = once(server, 'close')
      server.close()
      for (const session of sessions) session.close()
      const timer = options.clock.after(grpcDrainMsMax, () => {
        for (const session of sessions) session.destroy()
      })
      await closed
      timer.cancel()
    },
  }
}
