/**
 * ```text
 * record of swarm.dead-letters
 *   key    the letter's id, a UUID in text form
 *   value  JSON: {"reason", "detail", "source",
 *                 "at": "2026-11-21T09:00:00.000000Z", when it was refused,
 *                 "raw_bytes": length of what came,
 *                 "is_dead_letter": true where the swarm had sent it as a dead letter of its own, absent otherwise,
 *                 "raw": what came, in base64; null where that is longer than 2 MiB}
 * ```
 */
import type { PlainRecord } from '@chronicle/log'
import type { DeadLetter } from '../contract.ts'
import { microsFromText, textFromMicros } from '../event/index.ts'

/** What came is kept up to this length: larger, the letter says that it was, and cannot be replayed. */
export const rawBytesMax = 2 * 1024 * 1024

/** A dead letter as it is read back. */
export type StoredLetter = Omit<DeadLetter, 'raw' | 'isDeadLetter'> & {
  readonly isDeadLetter: boolean
  /** Where it stands in the topic: what it is asked for by. */
  readonly offset: number
  /** Absent where what came was too large to be kept. */
  readonly raw: Buffer | undefined
  readonly rawBytes: number
}

export function encodeLetter({ id, reason, detail, source, atMicros, raw, isDeadLetter }: DeadLetter): PlainRecord {
  const kept = raw.length > rawBytesMax ? null : Buffer.from(raw.buffer, raw.byteOffset, raw.length).toString('base64')
  const mark = isDeadLetter ? { is_dead_letter: true } : {}
  const value = { reason, detail, source, at: textFromMicros(atMicros), raw_bytes: raw.length, ...mark, raw: kept }
  return { key: Buffer.from(id), value: Buffer.from(JSON.stringify(value)) }
}

/** Undefined for a record that is none: others may write to the topic too. */
export function decodeLetter(offset: number, key: Buffer | null, value: Buffer | null): StoredLetter | undefined {
  const stored = parse(value)
  if (key === null || stored === undefined) return undefined
  const { reason, detail, source, at, raw, raw_bytes: rawBytes } = stored
  const atMicros = typeof at === 'string' ? microsFromText(at) : undefined
  if (typeof reason !== 'string' || typeof detail !== 'string' || typeof source !== 'string') return undefined
  if (atMicros === undefined || typeof rawBytes !== 'number') return undefined
  const kept = typeof raw === 'string' ? Buffer.from(raw, 'base64') : undefined
  const isDeadLetter = stored.is_dead_letter === true
  return { id: key.toString(), offset, reason, detail, source, atMicros, isDeadLetter, raw: kept, rawBytes }
}

function parse(value: Buffer | null): Record<string, unknown> | undefined {
  try {
    const parsed: unknown = JSON.parse(value?.toString() ?? '')
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}
