/** Events and batches as the values of Kafka records: JSON in UTF-8. */
import type { EventBatch } from '../contract.ts'

/** One published event. */
export const eventValueBytesMax = 1024 * 1024

export type Unencodable = 'has-image' | 'not-json' | 'too-large'

/**
 * An event as the value of a record, or why it cannot be one. Image bytes do not go through topics: what stands in a topic stays there for as long as its retention says, and a
 * screenshot must not (CS1).
 */
export function encodeEvent(event: unknown): Buffer | Unencodable {
  try {
    if (ArrayBuffer.isView((event as { data?: { image?: unknown } }).data?.image)) return 'has-image'
    const text = JSON.stringify(event)
    if (typeof text !== 'string') return 'not-json'
    return Buffer.byteLength(text) > eventValueBytesMax ? 'too-large' : Buffer.from(text)
  } catch {
    return 'not-json'
  }
}

/** Undefined of what is no JSON: the store refuses and counts that. */
export function decodeEvent(value: Buffer | null | undefined): unknown {
  try {
    return JSON.parse(value?.toString('utf8') ?? '')
  } catch {
    return undefined
  }
}

export function encodeBatch(batch: EventBatch): Buffer {
  return Buffer.from(JSON.stringify(batch))
}

/** Undefined of what is none: another program may have written to the topic. */
export function decodeBatch(value: Buffer | null | undefined): EventBatch | undefined {
  const batch = decodeEvent(value) as Partial<EventBatch> | undefined | null
  return typeof batch?.batch_id === 'string' && Array.isArray(batch.events) ? (batch as EventBatch) : undefined
}
