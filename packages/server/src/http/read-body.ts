import type { IncomingMessage } from 'node:http'
import type { Clock } from '@chronicle/base'
import { serverErrors } from '../errors.ts'

/**
 * Reads the body of a request into memory. Rejects with 'server.body-too-large' above `bytesMax` and with 'server.request-timed-out' when it has not come
 * after `msMax`; what still comes is left unread.
 */
export function readBody(
  request: IncomingMessage,
  limits: { readonly bytesMax: number; readonly msMax: number },
  clock: Clock,
): Promise<Buffer> {
  const { bytesMax, msMax } = limits
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = []
    let bytes = 0
    const settle = (error?: Error): void => {
      timer.cancel()
      request.off('data', onData).off('end', settle).off('error', onError)
      if (error === undefined) {
        resolve(Buffer.concat(pieces, bytes))
      } else {
        request.pause()
        reject(error)
      }
    }
    const timer = clock.after(msMax, () =>
      settle(serverErrors.create('server.request-timed-out', { arrivedBytes: bytes, withinMs: msMax })),
    )
    const onData = (piece: Buffer): void => {
      bytes += piece.length
      pieces.push(piece)
      if (bytes > bytesMax) settle(bodyTooLarge(bytesMax))
    }
    const onError = (): void =>
      settle(serverErrors.create('server.bad-request', { reason: 'the connection ended before the body' }))
    request.on('data', onData).on('end', settle).on('error', onError)
  })
}

export function bodyTooLarge(bytesMax: number, announced?: number): Error {
  return serverErrors.create('server.body-too-large', { bytes: announced, accepted: `at most ${bytesMax} bytes` })
}
