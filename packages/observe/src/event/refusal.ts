import type { RefusedEvent } from '../contract.ts'

/** Stable names for metrics and dead letters. */
export type RefusalReason =
  | 'not-utf8'
  | 'not-json'
  | 'not-an-object'
  | 'missing-trace-id'
  | 'missing-event-type'
  | 'invalid-field' // has a type, a form or a character that is not accepted
  | 'too-large' // longer, larger or deeper than accepted
  | 'clock' // a time that cannot be: before 1970, or more than a day ahead

/** `detail` names the field and what is accepted, and never what came. */
export function refused(reason: RefusalReason, detail: string): RefusedEvent {
  return { reason, detail }
}
