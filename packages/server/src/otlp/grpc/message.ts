/**
 * The messages of gRPC over HTTP/2 (grpc/grpc, doc/PROTOCOL-HTTP2.md).
 *
 * ```text
 * OFFSET SIZE  FIELD
 *      0    1  1 when the message is compressed, as the header grpc-encoding says; else 0
 *      1    4  length of the message, big-endian
 *      5       the message
 * ```
 */

import { observeErrors } from '@chronicle/observe'

const prefixBytes = 5

/** The one message of a unary call, of which the length is known and the rest may be on its way. */
export type IncomingMessage = {
  readonly isCompressed: boolean
  readonly bytes: number
  /** Reads the rest, to the end of the call. Rejects with 'observe.invalid-otlp'. */
  readonly read: () => Promise<Buffer>
}

/** Reads as far as the length. Rejects with 'observe.invalid-otlp' when the call ends before it. */
export async function beginMessage(pieces: AsyncIterator<Buffer>): Promise<IncomingMessage> {
  let begun: Buffer = Buffer.alloc(0)
  while (begun.length < prefixBytes) {
    const { value, done } = await pieces.next()
    if (done) throw invalidMessage('the call has no message')
    begun = Buffer.concat([begun, value])
  }
  const flag = begun[0]!
  if (flag > 1) throw invalidMessage('the message has no prefix of gRPC')
  const bytes = begun.readUInt32BE(1)
  return { isCompressed: flag === 1, bytes, read: () => readRest(pieces, begun.subarray(prefixBytes), bytes) }
}

/** Nothing larger than `bytes` is gathered. */
async function readRest(pieces: AsyncIterator<Buffer>, begun: Buffer, bytes: number): Promise<Buffer> {
  const gathered = [begun]
  let length = begun.length
  while (length <= bytes) {
    const { value, done } = await pieces.next()
    if (done) break
    gathered.push(value)
    length += value.length
  }
  if (length < bytes) throw invalidMessage('the call ends before its message')
  if (length > bytes) throw invalidMessage('a unary call has one message')
  return Buffer.concat(gathered, length)
}

/** A message that is not compressed, with its prefix. */
export function framed(message: Buffer): Buffer {
  const prefix = Buffer.alloc(prefixBytes)
  prefix.writeUInt32BE(message.length, 1)
  return Buffer.concat([prefix, message])
}

export const invalidMessage = (detail: string): Error =>
  observeErrors.create('observe.invalid-otlp', { encoding: 'gRPC', detail })
