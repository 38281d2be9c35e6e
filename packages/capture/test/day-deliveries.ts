/** What publishers put on the bus, in the order in which they do: mostly at once, some of it late, twice, or malformed. */
import assert from 'node:assert/strict'
import { type Random, seededRandom } from '@chronicle/base'
import { broken } from './day-malformed.ts'
import { type Act, Person } from './day-person.ts'
import { type DayPlan, localOffsetMs, wallAt } from './day-plan.ts'
import { windowMs } from './windows-model.ts'

/** An event that is to be accepted. */
export type DayEvent = {
  /** Its number: every event has one, and its id follows from it. */
  readonly number: number
  /** Milliseconds since the epoch. */
  readonly timestamp: number
  readonly session: number
  readonly type: string
  readonly data: Record<string, unknown>
  readonly image?: 'any' | 'large'
}

export type Delivery = { readonly atMs: number } & (
  | { readonly kind: 'event'; readonly event: DayEvent; readonly sent: string | number }
  /** The same again, a moment after it came first. */
  | { readonly kind: 'repeat'; readonly event: DayEvent; readonly sent: string | number; readonly firstMs: number }
  /** A further screenshot with the id of one that came before. */
  | { readonly kind: 'id-taken'; readonly number: number; readonly event: DayEvent; readonly sent: string | number }
  | { readonly kind: 'malformed'; readonly message: unknown; readonly field: string }
)

const minuteMs = 60_000
const hourMs = 60 * minuteMs
/** Of the person, of two further sessions that are used, and of what runs beside. */
const sessionShares = [0.62, 0.2, 0.12, 0.06]
/** One stretch of a game fills more than one batch. */
const eventsPerGame = 150_000
const gameEventsMin = 10_100

/** Before the program ends, in time to be stored. */
const lastLookMs = 3_500
/** A group of events waits for so long. */
const lastMovesMs = 50

export const sessionIds = ['a', 'b', 'c', 'd'].map(letter => `5e551000-0000-4000-8000-00000000000${letter}`)

/** The id of an event: a UUID that its number can be read from. */
export function idOf(number: number): string {
  const rest = (Math.imul(number, 0x9e3779b1) >>> 0).toString(16).padStart(8, '0')
  return `${number.toString(16).padStart(8, '0')}-da70-4${rest.slice(0, 3)}-8${rest.slice(3, 6)}-${rest.padStart(12, '0')}`
}

export function numberOf(id: string): number {
  return Number.parseInt(id.slice(0, 8), 16)
}

export class Deliveries {
  readonly #plan: DayPlan
  readonly #random: Random
  readonly #people: readonly Person[]
  /** By the minute in which they are due. */
  readonly #due = new Map<number, Delivery[]>()
  #minute = 0
  #numbers = 0
  #shots = 0

  constructor(plan: DayPlan) {
    this.#plan = plan
    this.#random = seededRandom(plan.options.seed)
    this.#people = sessionShares.map(() => new Person(this.#random))
  }

  *[Symbol.iterator](): Iterator<Delivery> {
    const { minutes } = this.#plan
    for (let minute = 0; minute < minutes || this.#due.size > 0; minute++) {
      this.#minute = minute
      if (minute < minutes) for (const act of this.#acts(minute)) this.#send(act)
      const due = this.#due.get(minute) ?? []
      this.#due.delete(minute)
      yield* due.sort((a, b) => a.atMs - b.atMs)
    }
  }

  /** All of a minute: as many as are left for it, mostly more or less. */
  *#acts(minute: number): Iterable<Act> {
    const { minutes, options } = this.#plan
    const fromMs = minute * minuteMs
    const left = Math.max(0, options.events - this.#numbers) / (minutes - minute)
    const events = minute === minutes - 1 ? left : left * (this.#random.int(3) === 0 ? 0.25 : 1.375)
    for (const [session, share] of sessionShares.entries()) {
      yield* this.#people[session]!.minute({ fromMs, session, events: Math.round(events * share) })
    }
    const games = Math.max(1, Math.round(options.events / eventsPerGame))
    const gamesUntil = (end: number): number => Math.floor((end * games) / minutes + 0.5)
    if (gamesUntil(minute) < gamesUntil(minute + 1)) yield* this.#game(fromMs)
    for (const shots = Math.round((options.shots * (minute + 1)) / minutes); this.#shots < shots; this.#shots++) {
      yield* this.#people[0]!.change(fromMs + this.#random.int(minuteMs), this.#random.int(3))
    }
    yield* this.#lastActs(fromMs)
  }

  /** So that something is on its way, and a screenshot lies in a file, wherever the program ends. */
  *#lastActs(fromMs: number): Iterable<Act> {
    for (const { kind, atMs } of this.#plan.incidents) {
      const lookMs = atMs - lastLookMs
      if (kind === 'clock' || lookMs < fromMs || lookMs >= fromMs + minuteMs) continue
      yield* this.#people[0]!.change(lookMs, 0, 'large')
      yield* this.#people[1]!.game(atMs - lastMovesMs, 1, lastMovesMs)
    }
  }

  /** Within one window by the clock. */
  #game(minuteFromMs: number): Iterable<Act> {
    const { startMs, incidents, options } = this.#plan
    const fromMs = minuteFromMs + windowMs - (wallAt(startMs, incidents, minuteFromMs) % windowMs)
    return this.#people[0]!.game(fromMs, 0, gameEventsMin + this.#random.int(Math.min(14_000, options.events / 16)))
  }

  #send({ atMs: actMs, ...act }: Act): void {
    const { startMs, incidents } = this.#plan
    const wallMs = wallAt(startMs, incidents, actMs)
    const event = { ...act, number: this.#numbers++, timestamp: this.#timestamp(wallMs) }
    const sent = this.#sentTime(event.timestamp)
    const atMs = this.#awake(actMs + this.#delay(), act.image !== undefined)
    this.#put({ kind: 'event', atMs, event, sent })
    if (act.image && this.#random.int(20) === 0) {
      const laterMs = this.#awake(atMs + 1 + this.#random.int(90_000), true)
      this.#put({ kind: 'id-taken', atMs: laterMs, number: this.#numbers++, event, sent })
    }
    const other = this.#random.int(1_000)
    if (other < 6) {
      const againMs = this.#awake(atMs + this.#random.int(2_000), act.image !== undefined)
      this.#put({ kind: 'repeat', atMs: againMs, event, sent, firstMs: atMs })
    } else if (other < 10) this.#put({ kind: 'malformed', atMs, ...broken(this.#random, wallMs) })
  }

  /** A machine's clock and what it is said to be: rarely something that was done long ago, or by a clock that is ahead. */
  #timestamp(wallMs: number): number {
    const kind = this.#random.int(10_000)
    if (kind < 3) return wallMs - this.#random.int(72 * hourMs)
    if (kind < 5) return wallMs + this.#random.int(10 * minuteMs)
    return kind === 5 ? wallMs + this.#random.int(8 * hourMs) : wallMs
  }

  /** Mostly local time with its offset, which is another after the hour that comes twice. */
  #sentTime(timestamp: number): string | number {
    const form = this.#random.int(10)
    if (form < 3) return timestamp
    if (form === 3) return new Date(timestamp).toISOString()
    const offsetMs = localOffsetMs(timestamp)
    return `${new Date(timestamp + offsetMs).toISOString().slice(0, -1)}+0${offsetMs / hourMs}:00`
  }

  #delay(): number {
    const kind = this.#random.int(1_000)
    if (kind < 850) return this.#random.int(30)
    if (kind < 970) return this.#random.int(700)
    return kind < 998 ? this.#random.int(20_000) : this.#random.int(6 * minuteMs)
  }

  /** A publisher waits while the program is not there. Nor does it send a screenshot just before the program is killed: whether its event was stored by then is open. */
  #awake(atMs: number, isShot: boolean): number {
    for (const incident of this.#plan.incidents) {
      if (incident.kind === 'clock') continue
      const fromMs = incident.atMs - (isShot && incident.kind === 'crash' ? 2_000 : 0)
      if (atMs >= fromMs && atMs <= incident.atMs + incident.downMs) return incident.atMs + incident.downMs + 1
    }
    return atMs
  }

  #put(delivery: Delivery): void {
    const minute = Math.floor(delivery.atMs / minuteMs)
    assert.ok(minute >= this.#minute, 'nothing comes before its time')
    const due = this.#due.get(minute)
    if (due) due.push(delivery)
    else this.#due.set(minute, [delivery])
  }
}
