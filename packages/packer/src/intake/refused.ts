/** A whole record that is refused, and how that becomes a value. */
import type { Refusal, RefusalReason } from './contract.ts'

export class RecordRefused extends Error {
  readonly reason: RefusalReason

  constructor(reason: RefusalReason, detail: string) {
    super(detail)
    this.reason = reason
  }
}

export function notArrow(fault: string): RecordRefused {
  return new RecordRefused('not-arrow', `an Arrow IPC stream is expected: ${fault}`)
}

export function torn(name: string, fault: string): RecordRefused {
  return new RecordRefused('torn-record', `the column ${name} contradicts itself: ${fault}`)
}

/** `decode`, or the refusal of the whole record. */
export function orRefusal<T>(payload: Uint8Array, decode: () => T): T | Refusal {
  try {
    return decode()
  } catch (error) {
    if (!(error instanceof RecordRefused)) throw error
    return { reason: error.reason, detail: error.message, content: new Uint8Array(payload) }
  }
}
