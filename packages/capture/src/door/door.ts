import { once } from 'node:events'
import { chmodSync, lstatSync, rmSync } from 'node:fs'
import type { Server } from 'node:http'
import { connect } from 'node:net'
import { isMainThread } from 'node:worker_threads'
import { messageOf, type Stoppable } from '@chronicle/base'
import { captureErrors } from '../errors.ts'
import { checkDoorPath } from './contract.ts'
import { createServer } from './node-http.ts'
import { DoorRequests, type RequestOptions } from './requests.ts'

/** How often it is looked whether a request takes too long. */
const lookMs = 1000
/** A connection that asks nothing more. */
const idleMsMax = 5000

/**
 * Opens the door at `path`, for this user alone. Whoever calls this has the lock of the database: a socket that nobody answers at is one that a killed process left, and is
 * replaced (CD4). Rejects with 'capture.door-unusable', 'capture.door-path-too-long'.
 */
export async function openDoor(options: RequestOptions & { readonly path: string }): Promise<Stoppable> {
  const { path, logger, limits } = options
  checkDoorPath(path)
  await removeDead(path)
  const requests = new DoorRequests(options)
  // CD5
  const server = createServer(
    {
      maxHeaderSize: limits.headerBytesMax,
      headersTimeout: limits.requestMsMax,
      requestTimeout: limits.requestMsMax,
      connectionsCheckingInterval: lookMs,
      keepAliveTimeout: idleMsMax,
    },
    (request, response) => void requests.answer(request, response),
  )
  server.maxRequestsPerSocket = limits.connectionRequestsMax
  server.maxConnections = limits.connectionsMax
  server.on('drop', () => logger.warn({ connectionsMax: limits.connectionsMax }, 'the door of capture is full'))
  try {
    await listen(server, path)
  } catch (error) {
    throw captureErrors.create('capture.door-unusable', { socket: path, reason: messageOf(error) }, error)
  }
  // As the timers of capture: what keeps the process alive is the program's own work.
  server.unref()
  return {
    async stop() {
      const closed = once(server, 'close')
      server.close()
      // Bytes that are on their way to somebody do not outlive capture.
      server.closeAllConnections()
      await closed
    },
  }
}

/** The name is bound before `listen` returns, under rights that nobody else has (CD1). */
async function listen(server: Server, path: string): Promise<void> {
  // Only the main thread may set the mask; elsewhere the rights follow in the same turn, before anybody is let in.
  const mask = isMainThread ? process.umask(0o177) : undefined
  const listening = once(server, 'listening')
  try {
    server.listen({ path, exclusive: true })
  } finally {
    if (mask !== undefined) process.umask(mask)
  }
  await listening
  chmodSync(path, 0o600)
}

/** Nothing but a socket is ever removed, and none at which somebody answers. */
async function removeDead(path: string): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (!found) return
  const reason = !found.isSocket()
    ? 'something else is there'
    : (await isAnswered(path))
      ? 'another process listens there'
      : undefined
  if (reason !== undefined) throw captureErrors.create('capture.door-unusable', { socket: path, reason })
  rmSync(path, { force: true })
}

async function isAnswered(path: string): Promise<boolean> {
  const socket = connect(path)
  try {
    await once(socket, 'connect')
    return true
  } catch {
    // Nobody listens; or this user may not connect, and then may not remove it either.
    return false
  } finally {
    socket.destroy()
  }
}
