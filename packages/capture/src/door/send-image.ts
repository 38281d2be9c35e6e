import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Clock } from '@chronicle/base'

/** Given to the connection at once. */
const pieceBytes = 256 * 1024
/** How often it is looked whether the screenshot is deleted, or its receiver too slow. */
const lookMs = 500

export type SendOptions = {
  readonly response: ServerResponse
  /** Of the request: a response that waits for an earlier one of its connection has none. */
  readonly socket: Socket
  readonly clock: Clock
  readonly sendMsMax: number
  /** The screenshot is deleted: what is on its way is broken off. */
  isGone(): boolean
}

/** Writes the bytes and overwrites them, whatever becomes of the connection (CD3). Never rejects. */
export async function sendImage(image: Buffer, options: SendOptions): Promise<void> {
  const { response, socket, clock, sendMsMax, isGone } = options
  const endMs = clock.monotonic() + sendMsMax
  const timer = clock.every(lookMs, () => {
    if (isGone() || clock.monotonic() > endMs) socket.destroy()
  })
  const { promise: closed, resolve: onClose } = Promise.withResolvers<void>()
  socket.once('close', onClose)
  try {
    for (let at = 0; at < image.length && !socket.destroyed; at += pieceBytes) {
      if (isGone()) socket.destroy()
      else await Promise.race([written(response, image.subarray(at, at + pieceBytes)), closed])
    }
    response.end()
  } finally {
    timer.cancel()
    socket.off('close', onClose)
    image.fill(0)
  }
}

/** Resolves once nobody needs the memory of `piece` any more. */
function written(response: ServerResponse, piece: Buffer): Promise<void> {
  return new Promise(resolve => void response.write(piece, () => resolve()))
}
