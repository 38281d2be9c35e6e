import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A way to a server that can be cut. Clients connect to its port. */
export type TcpProxy = {
  readonly port: number
  /** Connections that are open now. */
  readonly connections: number
  /** Breaks every connection with a reset. New ones are let through. */
  cut(): void
  /** Cuts, and resets every new connection until `open`. */
  shut(): void
  open(): void
  /** Nothing is passed on in either direction, and nothing is closed, until `release`. */
  hold(): void
  release(): void
  close(): Promise<void>
}

/** Passes what comes to a free port of this machine on to `port`. */
export async function startTcpProxy(port: number): Promise<TcpProxy> {
  const sockets = new Set<Socket>()
  let isShut = false
  let isHeld = false
  const server = createServer({ pauseOnConnect: true, allowHalfOpen: true, noDelay: true }, client => {
    if (isShut) return void client.resetAndDestroy()
    const upstream = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true }).pause()
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from)
      from.on('data', piece => void (to.write(piece) || from.pause()))
      to.on('drain', () => isHeld || from.resume())
      from.on('end', () => to.end())
      from.on('error', () => undefined)
      from.on('close', hasFailed => {
        sockets.delete(from)
        // What breaks on one side breaks on the other.
        if (hasFailed) to.resetAndDestroy()
      })
      if (!isHeld) from.resume()
    }
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const cut = (): void => {
    for (const socket of sockets) socket.resetAndDestroy()
  }
  return {
    port: (server.address() as AddressInfo).port,
    get connections() {
      return sockets.size / 2
    },
    cut,
    shut() {
      isShut = true
      cut()
    },
    open() {
      isShut = false
    },
    hold() {
      isHeld = true
      for (const socket of sockets) socket.pause()
    },
    release() {
      isHeld = false
      for (const socket of sockets) socket.resume()
    },
    async close() {
      cut()
      await new Promise(resolve => server.close(resolve))
    },
  }
}
