/** Times of events: whole milliseconds since the epoch inside, RFC 3339 in UTC outside. */

const form = /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?(?:[Zz]|([+-])(\d\d):?(\d\d))$/

/** Milliseconds since the epoch of an ISO 8601 time with its offset, finer fractions cut off; undefined where it is none, or names a day that never was. */
export function msFromIso(text: string): number | undefined {
  const found = form.exec(text)
  if (found === null) return undefined
  const [, year, month, day, hour, minute, second = '0', fraction = '0', sign, offsetHours = '0', offsetMinutes = '0'] =
    found
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined
  if (Number(offsetHours) > 23 || Number(offsetMinutes) > 59) return undefined
  const midnight = Date.UTC(Number(year), Number(month) - 1, Number(day))
  // Date.UTC takes the years 0 to 99 for 1900 to 1999, and carries a 31st of February over into March.
  const date = new Date(midnight)
  if (
    date.getUTCFullYear() !== Number(year) ||
    date.getUTCMonth() + 1 !== Number(month) ||
    date.getUTCDate() !== Number(day)
  )
    return undefined
  const milliseconds = Number(fraction.padEnd(3, '0').slice(0, 3))
  const offset = (Number(offsetHours) * 60 + Number(offsetMinutes)) * (sign === '-' ? -1 : 1)
  return midnight + ((Number(hour) * 60 + Number(minute) - offset) * 60 + Number(second)) * 1000 + milliseconds
}

/** Of each millisecond of a second. */
const endings = Array.from({ length: 1000 }, (_, ms) => `${String(ms).padStart(3, '0')}Z`)
let heldSecond = Number.NaN
let heldText = ''

/** `2026-11-21T12:00:00.123Z`. The text of the second is kept: events that follow each other mostly share it. */
export function isoFromMs(ms: number): string {
  const second = Math.floor(ms / 1000)
  if (second !== heldSecond) {
    heldText = new Date(second * 1000).toISOString().slice(0, -4)
    heldSecond = second
  }
  return heldText + endings[ms - second * 1000]!
}
