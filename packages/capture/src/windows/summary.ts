/** What a window says about its events: counts, aggregates, and what each minute gets. One pass over the events in their order. */
import type { JsonObject, WindowAggregates } from '../contract.ts'
import type { DecodedEvent } from '../event/run.ts'
import { countedTypesMax, otherTypes, windowMinutesMax } from './limits.ts'

export type Counts = Readonly<Record<string, number>>

/** Sums over a window, a minute, an hour or a day. */
export type Sums = {
  readonly events: number
  readonly keys: number
  readonly clicks: number
  readonly focus_changes: number
  readonly distance_px: number
  readonly counts: Counts
}

export type WindowSummary = { readonly counts: Counts; readonly aggregates: WindowAggregates }

const minuteMs = 60_000

/** Positions may be any numbers: what lies between them is a number all the same, as JSON has no infinity. */
export function sumOfDistances(one: number, other: number): number {
  return Math.min(one + other, Number.MAX_VALUE)
}

export class SummaryBuilder {
  readonly #start: number
  readonly #end: number
  readonly #idleAfterMs: number
  readonly #whole = new Tally()
  readonly #minutes = new Map<number, Tally>()
  /** Events that follow each other mostly share their minute. */
  #lastMinute: { readonly startMs: number; readonly tally: Tally } | undefined
  #place: { x: number; y: number } | undefined
  #inputMs: number
  #idleMs = 0
  #isInWindow = false

  /** Of the window from `start` to `end`. */
  constructor(start: number, end: number, idleAfterMs: number) {
    this.#start = start
    this.#end = end
    this.#idleAfterMs = idleAfterMs
    this.#inputMs = start
  }

  add({ timestamp, eventType, data }: DecodedEvent): void {
    // Late events come first, being older than the window: their path does not lead to its first movement.
    if (!this.#isInWindow && timestamp >= this.#start) {
      this.#isInWindow = true
      this.#place = undefined
    }
    const distance = this.#distanceTo(eventType, data)
    this.#whole.add(eventType, distance)
    this.#minute(timestamp).add(eventType, distance)
    if (this.#isInWindow && inputTypes.has(eventType)) this.#input(timestamp)
  }

  summary(): WindowSummary {
    const { keys, clicks, focus_changes, distance_px, counts } = this.#whole.sums()
    const idle_ms = this.#idleMs + this.#gapTo(this.#end)
    return { counts, aggregates: { keys, clicks, distance_px, focus_changes, idle_ms } }
  }

  /** What each minute of UTC gets from this window, by the time of its events. */
  *minutes(): Iterable<{ readonly startMs: number; readonly sums: Sums }> {
    for (const [startMs, tally] of this.#minutes) yield { startMs, sums: tally.sums() }
  }

  #minute(timestamp: number): Tally {
    const own = Math.floor(timestamp / minuteMs) * minuteMs
    if (own !== this.#lastMinute?.startMs) this.#lastMinute = { startMs: own, tally: this.#tallyOf(own) }
    return this.#lastMinute.tally
  }

  #tallyOf(own: number): Tally {
    const startMs =
      this.#minutes.has(own) || this.#minutes.size < windowMinutesMax - 1
        ? own
        : Math.floor(this.#start / minuteMs) * minuteMs
    let tally = this.#minutes.get(startMs)
    if (tally === undefined) this.#minutes.set(startMs, (tally = new Tally()))
    return tally
  }

  #distanceTo(eventType: string, { x, y }: JsonObject): number {
    if (!mouseTypes.has(eventType) || typeof x !== 'number' || typeof y !== 'number') return 0
    const distance = this.#place ? Math.hypot(x - this.#place.x, y - this.#place.y) : 0
    this.#place = { x, y }
    return distance
  }

  #input(timestamp: number): void {
    this.#idleMs += this.#gapTo(timestamp)
    this.#inputMs = timestamp
  }

  #gapTo(timestamp: number): number {
    const gap = timestamp - this.#inputMs
    return gap >= this.#idleAfterMs ? gap : 0
  }
}

const mouseTypes: ReadonlySet<string> = new Set(['mouse_move', 'mouse_click'])
const inputTypes: ReadonlySet<string> = new Set(['keystroke', ...mouseTypes])

class Tally {
  readonly #counts = new Map<string, { count: number }>()
  #events = 0
  #distance = 0

  add(eventType: string, distance: number): void {
    const counted = this.#counts.get(eventType) ?? this.#newCount(eventType)
    counted.count++
    this.#events++
    this.#distance = sumOfDistances(this.#distance, distance)
  }

  sums(): Sums {
    const counts = Object.fromEntries([...this.#counts].map(([name, { count }]) => [name, count]))
    return {
      events: this.#events,
      keys: this.#countOf('keystroke'),
      clicks: this.#countOf('mouse_click'),
      focus_changes: this.#countOf('window_focus'),
      distance_px: this.#distance,
      counts,
    }
  }

  #newCount(eventType: string): { count: number } {
    const name = this.#counts.size < countedTypesMax ? eventType : otherTypes
    const counted = this.#counts.get(name) ?? { count: 0 }
    this.#counts.set(name, counted)
    return counted
  }

  #countOf(eventType: string): number {
    return this.#counts.get(eventType)?.count ?? 0
  }
}
