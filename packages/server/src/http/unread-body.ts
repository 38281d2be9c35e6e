/**
 * Answers to requests whose body has not come yet. A socket that is closed while bytes arrive is reset, and the reset destroys the answer before its
 * reader has seen it (RFC 9112, 9.6). So the answer goes out first, then the end of our half; what still comes is thrown away for a while (S9).
 */
import type { IncomingMessage } from 'node:http'
import { systemClock } from '@chronicle/base'
import type { FastifyReply, FastifyRequest } from 'fastify'

/** Node itself reads the rest of a body up to here, and the connection can be used again. */
const drainedBytesMax = 64 * 1024
/** A client that sends more than this after it was refused does not listen. */
const discardedBytesMax = 32 * 1024 * 1024
const discardMsMax = 5_000

/** True when more of the body is to come than Node should read for nothing, or when nobody waits for it any more (408). */
export function hasUnreadBody({ raw }: FastifyRequest, status: number): boolean {
  if (raw.complete) return false
  if (status === 408) return true
  return raw.headers['transfer-encoding'] !== undefined || announcedBytes(raw) > drainedBytesMax
}

/** Content-Length, 0 where there is none. Node has refused what is no number. */
export function announcedBytes({ headers }: IncomingMessage): number {
  return Number(headers['content-length'] ?? 0)
}

/** Sends `body` with the status and headers of `reply` while the body of the request is still on its way, and closes the connection in good order. */
export function sendBeforeBody(reply: FastifyReply, body: string | Buffer): FastifyReply {
  const { raw, request } = reply
  const { socket } = request.raw
  reply.hijack()
  for (const [name, value] of Object.entries(reply.getHeaders())) if (value !== undefined) raw.setHeader(name, value)
  raw.writeHead(reply.statusCode, { 'content-length': Buffer.byteLength(body), connection: 'close' })
  raw.write(body, () => socket.end())
  let left = discardedBytesMax
  const timer = systemClock.after(discardMsMax, () => socket.destroy())
  socket.once('close', () => timer.cancel())
  request.raw.on('error', () => undefined)
  request.raw.on('data', (piece: Buffer) => {
    left -= piece.length
    if (left < 0) socket.destroy()
  })
  request.raw.resume()
  return reply
}
