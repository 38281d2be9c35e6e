import { printable } from '../format.ts'

/** `2026-11-21 13:05:07.123 UTC` of a time in RFC 3339 with microseconds; anything else as it is, made harmless. */
export function shownTime(time: string): string {
  const [, date, clock] = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d\.\d{3})\d*Z$/.exec(time) ?? []
  return date === undefined ? printable(time) : `${date} ${clock} UTC`
}
