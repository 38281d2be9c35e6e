/** Times as people give them to commands of an archive. */
import { InvalidArgumentError } from 'commander'
import { ZoneOffset } from '../../archive-sql/zone-offset.ts'

const nsPerMs = 1_000_000n
const unitMs = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const
const dayMs = unitMs.d
const agoMsMax = 1000 * 366 * dayMs

/** What was given, before it is known in which zone and from which moment it counts. */
export type GivenTime =
  | { readonly kind: 'day'; readonly day: string }
  | { readonly kind: 'instant'; readonly ns: bigint }
  | { readonly kind: 'ago'; readonly ms: number }

/** Nanoseconds since the epoch, [from, to). */
export type TimeRange = { readonly from?: bigint | undefined; readonly to?: bigint | undefined }

/** `2026-11-20`, `2026-11-20T10:00:00Z`, `-2h`. Throws what commander prints. */
export function parseTime(text: string): GivenTime {
  const ago = /^-?(\d{1,6})([smhdw])$/.exec(text)
  if (ago) {
    const ms = Number(ago[1]) * unitMs[ago[2] as keyof typeof unitMs]
    if (ms <= agoMsMax) return { kind: 'ago', ms }
  }
  if (/^\d{4}-\d{2}-\d{2}$/.test(text) && isDay(text)) return { kind: 'day', day: text }
  const ns = instantOf(text)
  if (ns !== undefined) return { kind: 'instant', ns }
  throw new InvalidArgumentError('Accepted: 2026-11-20, 2026-11-20T10:00:00Z, or -2h (s, m, h, d, w) before now.')
}

/** A day stands for all of it: as `from` its beginning, as `to` its end, by the clocks of `timezone`. */
export function rangeOf(
  { from, to }: { readonly from?: GivenTime | undefined; readonly to?: GivenTime | undefined },
  timezone: string,
  nowMs: number,
): TimeRange {
  return { from: from && boundOf(from, timezone, nowMs, 0), to: to && boundOf(to, timezone, nowMs, 1) }
}

function boundOf(time: GivenTime, timezone: string, nowMs: number, daysAfter: 0 | 1): bigint {
  if (time.kind === 'instant') return time.ns
  if (time.kind === 'ago') return BigInt(Math.floor(nowMs) - time.ms) * nsPerMs
  return BigInt(beginningOf(Date.parse(time.day) + daysAfter * dayMs, new ZoneOffset(timezone))) * nsPerMs
}

/** Of a day that begins at `utcMs` in UTC. Where its midnight is skipped, it begins with the first instant behind. */
function beginningOf(utcMs: number, zone: ZoneOffset): number {
  const minuteMs = 60_000
  // The offsets of both sides of a change of clocks: at no midnight are there two.
  const guesses = [utcMs - dayMs, utcMs + dayMs].map(at => utcMs - zone.minutesAt(at) * minuteMs)
  const fitting = guesses.filter(ms => ms + zone.minutesAt(ms) * minuteMs === utcMs)
  return fitting.length > 0 ? Math.min(...fitting) : Math.max(...guesses)
}

function isDay(text: string): boolean {
  const ms = Date.parse(text)
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(text)
}

/** RFC 3339, to the nanosecond. */
function instantOf(text: string): bigint | undefined {
  const parts = /^(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?([Zz]|[+-]\d{2}:\d{2})$/.exec(text)
  if (!parts) return undefined
  const [, day, time, fraction = '', zone] = parts
  const ms = isDay(day!) ? Date.parse(`${day}T${time}${zone!.toUpperCase()}`) : Number.NaN
  return Number.isNaN(ms) ? undefined : BigInt(ms) * nsPerMs + BigInt(fraction.padEnd(9, '0'))
}
