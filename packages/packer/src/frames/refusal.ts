/** How a frame is refused: what is wrong with it travels as an exception inside of this folder, and leaves it as a {@link Refusal}. */
import { base64Of } from '../base64.ts'
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
  const content = Buffer.concat([Buffer.from(`${fields.slice(0, -1)},"image":"`), base64Of(image), Buffer.from('"}')])
  return { reason, detail: message, content }
}
