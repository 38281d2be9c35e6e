/** Times of events: RFC 3339 text, and microseconds since the epoch as numbers. */

import { timestampCharactersMax } from './limits.ts'

const minuteMs = 60_000
const hourMs = 60 * minuteMs
const dayMs = 24 * hourMs

/** RFC 3339, section 5.6. Its note allows small letters, and a space for the T. */
const form = /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:[Zz]|([+-])(\d\d):(\d\d))$/

/**
 * Microseconds since the epoch; `undefined` when `text` is not a time of RFC 3339, or has no offset. Digits after the sixth of the
 * fraction are cut off. The second 60 of a leap second counts as the first of the next day, as PostgreSQL counts it.
 */
export function microsFromText(text: string): number | undefined {
  if (text.length > timestampCharactersMax) return undefined
  const match = form.exec(text)
  if (match === null) return undefined
  const [, year, month, day, hour, minute, second, fraction = '', sign, offsetHours = '0', offsetMinutes = '0'] = match
  if (!isDate(Number(year), Number(month), Number(day))) return undefined
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 60) return undefined
  if (Number(offsetHours) > 23 || Number(offsetMinutes) > 59) return undefined
  const localMs = utcMs(Number(year), Number(month), Number(day)) + Number(hour) * hourMs + Number(minute) * minuteMs
  const offsetMs = Number(offsetHours) * hourMs + Number(offsetMinutes) * minuteMs
  const minuteStartMs = sign === '-' ? localMs + offsetMs : localMs - offsetMs
  if (second === '60' && !isLastMinuteOfDay(minuteStartMs)) return undefined
  return (minuteStartMs + Number(second) * 1000) * 1000 + Number(fraction.slice(0, 6).padEnd(6, '0'))
}

/** `2026-11-20T12:00:00.000123Z`: always six digits, so that texts sort as times do. */
export function textFromMicros(micros: number): string {
  const ms = Math.floor(micros / 1000)
  const rest = micros - ms * 1000
  return `${new Date(ms).toISOString().slice(0, -1)}${String(rest).padStart(3, '0')}Z`
}

/** `YYYY-MM-DD` in UTC. */
export function utcDayOf(micros: number): string {
  return new Date(Math.floor(micros / 1000)).toISOString().slice(0, 10)
}

/** Date.UTC takes the years 0 to 99 for those of the twentieth century. */
function utcMs(year: number, month: number, day: number): number {
  return year > 99 ? Date.UTC(year, month - 1, day) : new Date(0).setUTCFullYear(year, month - 1, day)
}

function isDate(year: number, month: number, day: number): boolean {
  if (month < 1 || month > 12 || day < 1) return false
  return day <= 28 || day <= daysOfMonth(year, month)
}

function daysOfMonth(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}

function isLastMinuteOfDay(minuteStartMs: number): boolean {
  return (minuteStartMs + minuteMs) % dayMs === 0
}
