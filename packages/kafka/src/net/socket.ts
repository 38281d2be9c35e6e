import { Socket } from 'node:net'
import { Connection, type ConnectionShared, type Peer } from './connection.ts'

export type OpenConnection = { readonly connection: Connection; readonly socket: Socket }

/** What carries the bytes below a socket. Node does not document it. */
export type SocketHandle = NonNullable<NonNullable<ConstructorParameters<typeof Socket>[0]>['handle']>

/** A connection over a socket that was accepted and not read from. Reading begins with the socket's `resume`. */
export function openConnection(shared: ConnectionShared, accepted: Socket, peer: Peer): OpenConnection {
  const handle = detachHandle(accepted)
  return handle === undefined ? readByEvents(shared, accepted, peer) : readByLanding(shared, handle, peer)
}

/** Takes the handle of `accepted`, which is closed without it. Undefined, and nothing done, where there is none. */
export function detachHandle(accepted: Socket): SocketHandle | undefined {
  const holder = accepted as unknown as { _handle?: SocketHandle | null }
  const handle = holder._handle ?? undefined
  if (handle === undefined) return undefined
  holder._handle = null
  accepted.destroy()
  return handle
}

/**
 * Reads into the shared landing buffer, or straight into the buffer of a large frame. Node offers `onread` only to sockets
 * that connect; one that was accepted gets it by being made anew around its handle.
 */
export function readByLanding(shared: ConnectionShared, handle: SocketHandle, peer: Peer): OpenConnection {
  let connection: Connection | undefined
  const socket = new Socket({
    handle,
    onread: {
      buffer: () => connection?.target() ?? shared.landing,
      callback: (bytes, target) => connection?.landed(bytes, target) ?? false,
    },
  })
  connection = new Connection(shared, socket, peer)
  return { connection, socket }
}

/** Reads by 'data' events, each with a buffer of its own: for a Node that hides the handle. */
export function readByEvents(shared: ConnectionShared, accepted: Socket, peer: Peer): OpenConnection {
  const connection = new Connection(shared, accepted, peer)
  accepted.on('data', bytes => {
    if (!connection.accept(bytes as Buffer)) accepted.pause()
  })
  return { connection, socket: accepted }
}
