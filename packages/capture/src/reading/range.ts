import { captureErrors } from '../errors.ts'
import { uuidOf, uuidToBytes } from '../event/uuid.ts'
import type { ReadRange } from './contract.ts'

/** As the queries take it. */
export type CheckedRange = { readonly fromMs: number; readonly toMs: number; readonly session: Buffer | undefined }

/** Throws 'capture.invalid-argument'. */
export function checkedRange({
  fromMs = Number.NEGATIVE_INFINITY,
  toMs = Number.POSITIVE_INFINITY,
  sessionId,
}: ReadRange): CheckedRange {
  for (const [argument, value] of Object.entries({ fromMs, toMs }))
    if (typeof value !== 'number' || Number.isNaN(value)) throw refused(argument, value, 'milliseconds since the epoch')
  const session = sessionId === undefined ? undefined : uuidOf(sessionId)
  if (sessionId !== undefined && session === undefined) throw refused('sessionId', sessionId, 'a UUID')
  return { fromMs, toMs, session: session === undefined ? undefined : uuidToBytes(session) }
}

export function refused(argument: string, value: unknown, accepted: string): Error {
  return captureErrors.create('capture.invalid-argument', { argument, value: String(value), accepted })
}
