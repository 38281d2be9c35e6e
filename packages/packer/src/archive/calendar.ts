/**
 * Which day it is, in a time zone, for events that come by the million. The zone is asked once for an hour of events: if its offset is the same at both ends
 * of the hour, the rest is arithmetic; in the few hours in which clocks are set, it is asked for each second.
 */
import { packerErrors } from '../errors.ts'

const hourMs = 3_600_000
const dayMs = 86_400_000
const nsPerMs = 1_000_000n
/** The greatest time that a Date can hold. */
const dateMsMax = 8_640_000_000_000_000

/** A span in which the offset stays: whole milliseconds since the epoch, and nanoseconds for comparing. */
export type DaySpan = {
  /** YYYY-MM-DD. */
  readonly day: string
  readonly fromNs: bigint
  readonly toNs: bigint
}

export class Calendar {
  readonly timezone: string
  readonly #format: Intl.DateTimeFormat

  /** Throws `packer.setting` where there is no such time zone. */
  constructor(timezone: string) {
    this.timezone = timezone
    try {
      this.#format = new Intl.DateTimeFormat('en-US', {
        timeZone: timezone,
        hourCycle: 'h23',
        era: 'short',
        year: 'numeric',
        month: 'numeric',
        day: 'numeric',
        hour: 'numeric',
        minute: 'numeric',
        second: 'numeric',
      })
    } catch (cause) {
      const details = { key: 'scheduling.timezone', value: timezone, accepted: 'an IANA time zone' }
      throw packerErrors.create('packer.setting', details, cause)
    }
  }

  /** The span around a moment in which the day is the same (PA1). */
  spanOf(ns: bigint): DaySpan {
    const ms = Number(ns / nsPerMs)
    const hour = Math.floor(ms / hourMs) * hourMs
    const offset = this.#offset(ms)
    const isSteady = this.#offset(hour) === offset && this.#offset(hour + hourMs - 1) === offset
    const [least, most] = isSteady ? [hour, hour + hourMs] : [ms - (ms % 1000), ms - (ms % 1000) + 1000]
    const midnight = Math.floor((ms + offset) / dayMs) * dayMs - offset
    return {
      day: dayOf(ms + offset),
      fromNs: BigInt(Math.max(least, midnight)) * nsPerMs,
      toNs: BigInt(Math.min(most, midnight + dayMs)) * nsPerMs,
    }
  }

  /** The wall clock's date and seconds since its midnight. */
  wallOf(ns: bigint): { day: string; second: number } {
    const ms = Number(ns / nsPerMs)
    const local = ms + this.#offset(ms)
    return { day: dayOf(local), second: Math.floor((local - Math.floor(local / dayMs) * dayMs) / 1000) }
  }

  /** What is added to UTC, in milliseconds. */
  #offset(ms: number): number {
    const second = Math.floor(Math.min(ms, dateMsMax) / 1000) * 1000
    const parts = Object.fromEntries(this.#format.formatToParts(second).map(({ type, value }) => [type, value]))
    const { year, month, day, hour, minute } = parts
    const local = Date.UTC(
      Number(year),
      Number(month) - 1,
      Number(day),
      Number(hour),
      Number(minute),
      Number(parts.second),
    )
    return local - second
  }
}

function dayOf(localMs: number): string {
  return new Date(localMs).toISOString().slice(0, 10)
}

/** The day that many days before. */
export function daysBefore(day: string, days: number): string {
  return dayOf(Date.parse(`${day}T00:00:00Z`) - days * dayMs)
}
