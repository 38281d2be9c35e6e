/** Events, batches and keys as the values of Kafka records: JSON in UTF-8, but for screenshots (`image-box.ts`). */
import type { EventBatch } from '../contract.ts'
import { uuidOf } from '../event/uuid.ts'
import { type BoxKey, type BoxKeyPair, isBox, openBox } from './image-box.ts'
import { isLongerThan } from './json-size.ts'

/** One published event, without its image. */
const eventValueBytesMax = 1024 * 1024
/** The image of one. */
export const imageBytesMax = 50 * 1024 * 1024

export type Unencodable = 'not-json' | 'too-large'

/** Not to be sent as it is: its image is a view of the publisher's memory. */
export type EventWithImage = { readonly json: Buffer; readonly screenshotId: string; readonly image: Uint8Array }

/** An event as the value of a record, or why it cannot be one. Never throws. */
export function encodeEvent(event: unknown): Buffer | EventWithImage | Unencodable {
  try {
    const { data } = Object(event) as { data?: { image?: unknown; screenshot_id?: unknown } }
    const image = data?.image
    if (!(image instanceof Uint8Array)) return encodeJson(event)
    const json = encodeJson({ ...(event as object), data: { ...data, image: undefined } })
    if (typeof json === 'string') return json
    const screenshotId = uuidOf(data?.screenshot_id)
    if (screenshotId === undefined) return 'not-json'
    return image.length > imageBytesMax ? 'too-large' : { json, screenshotId, image }
  } catch {
    return 'not-json'
  }
}

/** `event` is undefined of what is none: the store refuses and counts that, and a screenshot without its image too. `image` is what of it is to be overwritten after its use. */
export function decodeEvent(
  value: Buffer | null | undefined,
  keyOf: (id: string) => BoxKeyPair | undefined = () => undefined,
): { readonly event: unknown; readonly image?: Buffer } {
  if (!value || !isBox(value)) return { event: decodeJson(value) }
  const box = openBox(value, keyOf)
  const event = decodeJson(box?.event) as { data?: { screenshot_id?: unknown } } | undefined
  const screenshotId = uuidOf(event?.data?.screenshot_id)
  const image = screenshotId === undefined ? undefined : box?.image(screenshotId)
  return image ? { event: { ...event, data: { ...event?.data, image } }, image } : { event }
}

export function encodeBatch(batch: EventBatch): Buffer {
  return Buffer.from(JSON.stringify(batch))
}

/** Undefined of what is none: another program may have written to the topic. */
export function decodeBatch(value: Buffer | null | undefined): EventBatch | undefined {
  const batch = decodeJson(value) as Partial<EventBatch> | undefined | null
  return typeof batch?.batch_id === 'string' && Array.isArray(batch.events) ? (batch as EventBatch) : undefined
}

export function encodeAnnouncement({ id, publicKey }: BoxKey, toldMs: number): Buffer {
  return Buffer.from(JSON.stringify({ key_id: id, x25519: publicKey.toString('base64'), told_ms: toldMs }))
}

/** Of a decoded value; undefined of what is none. */
export function decodeAnnouncement(value: unknown): (BoxKey & { readonly toldMs: number }) | undefined {
  const { key_id, x25519, told_ms: toldMs } = Object(value) as { key_id?: unknown; x25519?: unknown; told_ms?: unknown }
  const id = uuidOf(key_id)
  const publicKey = typeof x25519 === 'string' ? Buffer.from(x25519, 'base64') : undefined
  if (id === undefined || publicKey?.length !== 32 || typeof toldMs !== 'number') return undefined
  return { id, publicKey, toldMs }
}

function encodeJson(value: unknown): Buffer | Unencodable {
  if (isLongerThan(value, eventValueBytesMax)) return 'too-large'
  const text = JSON.stringify(value)
  if (typeof text !== 'string') return 'not-json'
  return Buffer.byteLength(text) > eventValueBytesMax ? 'too-large' : Buffer.from(text)
}

function decodeJson(value: Buffer | null | undefined): unknown {
  try {
    return JSON.parse(value?.toString('utf8') ?? '')
  } catch {
    return undefined
  }
}
