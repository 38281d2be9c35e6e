/** Why an event is not accepted: which field, what kind of value stood there, and what is accepted. Never the value itself. */
export type EventRefusal = {
  /** `timestamp`, `data.x`, … Of known fields only, so that it can be counted by. */
  readonly field: string
  readonly found: string
  readonly accepted: string
}

export function refusal(field: string, value: unknown, accepted: string): EventRefusal {
  return { field, found: kindOf(value), accepted }
}

/** `data.x: a finite number is accepted, and there was a text`. */
export function refusalText({ field, found, accepted }: EventRefusal): string {
  return `${field}: ${accepted} is accepted, and there was ${found}`
}

function kindOf(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (value === null) return 'null'
  if (typeof value === 'string') return value === '' ? 'an empty text' : 'a text'
  if (typeof value === 'number') return Number.isFinite(value) ? 'a number' : 'a number that is not finite'
  if (typeof value === 'boolean') return 'true or false'
  if (Array.isArray(value)) return 'a list'
  if (ArrayBuffer.isView(value)) return 'bytes'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}
