/** How a frame is refused: what is wrong with it travels as an exception inside of this folder, and leaves it as a {@link Refusal}. */
import type { Frame, Refusal } from '../intake/contract.ts'

/** The bytes that came from outside are not what they have to be. `message` says which, what was found, what is accepted. */
export class BadFrame extends Error {
  override readonly name = 'BadFrame'
  readonly reason: 'invalid-image' | 'too-large'

  constructor(reason: 'invalid-image' | 'too-large', detail: string, cause?: unknown) {
    super(detail, cause === undefined ? undefined : { cause })
    this.reason = reason
  }
}

export function invalidImage(detail: string, cause?: unknown): never {
  throw new BadFrame('invalid-image', detail, cause)
}

/** Throws unless `value` is at most `max`, the limit of that name. */
export function checkAtMost(what: string, value: number, limit: string, max: number): void {
  if (value > max) throw new BadFrame('too-large', `${what}: ${value}, ${limit} is ${max}`)
}

/** The whole frame goes to quarantine: JSON with its fields, the image in Base64. */
export function refusalOf(frame: Frame, { reason, message }: BadFrame): Refusal {
  const { timestampNs, sessionId, eventId, format, raw, image, metadata } = frame
  const fields = JSON.stringify({
    timestamp_ns: timestampNs.toString(),
    session_id: sessionId,
    event_id: eventId,
    format,
    ...raw,
    metadata,
  })
  // Put together as bytes, for a large image in Base64 does not fit into a string.
  const content = Buffer.concat([Buffer.from(`${fields.slice(0, -1)},"image":"`), base64(image), Buffer.from('"}')])
  return { reason, detail: message, content }
}

/** Bytes that are turned into text at a time: a multiple of three, so that the pieces join without padding. */
const base64PieceBytes = 3 * 1024 * 1024

function base64(bytes: Uint8Array): Buffer {
  const text = Buffer.allocUnsafe(Math.ceil(bytes.length / 3) * 4)
  let at = 0
  for (let from = 0; from < bytes.length; from += base64PieceBytes) {
    const piece = bytes.subarray(from, from + base64PieceBytes)
    at += text.write(Buffer.from(piece.buffer, piece.byteOffset, piece.length).toString('base64'), at, 'latin1')
  }
  return text
}
