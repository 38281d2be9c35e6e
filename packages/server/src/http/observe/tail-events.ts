/**
 * The newest events that the tables got, as long as somebody follows them: each is written as JSON once, for all who follow, and the oldest go when there is no
 * room (S26). Whoever is slower than that has a gap.
 */
import type { Clock, Random, Timer } from '@chronicle/base'
import { type Projector, type SwarmEvent, textFromMicros, type WrittenBatch } from '@chronicle/observe'

export const tailLimits = {
  eventsMax: 20_000,
  bytesMax: 16 * 1024 * 1024,
  /** Kept for whoever comes back after a broken connection. */
  lingerMs: 60_000,
} as const

/** Some bytes besides the text itself, so that many small events count too. */
const overheadBytes = 200

export type TailEvent = {
  readonly eventId: string
  readonly traceId: string
  readonly source: string
  readonly eventType: string
  /** The event as JSON on one line. */
  readonly text: string
}

export type TailOptions = {
  readonly projector: Pick<Projector, 'subscribe'>
  readonly clock: Clock
  readonly random: Random
  readonly limits?: { readonly eventsMax: number; readonly bytesMax: number; readonly lingerMs: number }
}

export class TailEvents {
  readonly #options: TailOptions
  readonly #limits: NonNullable<TailOptions['limits']>
  readonly #wakers = new Set<() => void>()
  /** Events from number {@link first} on. */
  #kept: TailEvent[] = []
  /** Ids of the kept ones: what a source sends again is not told again while they are. */
  readonly #ids = new Set<string>()
  #bytes = 0
  #first = 0
  #epoch: string
  #unsubscribe: (() => void) | undefined
  #lingering: Timer | undefined

  constructor(options: TailOptions) {
    this.#options = options
    this.#limits = options.limits ?? tailLimits
    this.#epoch = epochOf(options.random)
  }

  /** Numbers of one epoch count every event; of another one nothing is known. */
  get epoch(): string {
    return this.#epoch
  }

  /** The number of the oldest event that is kept. */
  get first(): number {
    return this.#first
  }

  /** The number that the next event gets. */
  get end(): number {
    return this.#first + this.#kept.length
  }

  /** Undefined for numbers outside of `first` to `end`. */
  at(number: number): TailEvent | undefined {
    return this.#kept[number - this.#first]
  }

  /** Calls `wake` when there are more, until the function that is returned is called. From now on events are kept. */
  follow(wake: () => void): () => void {
    this.#lingering?.cancel()
    this.#unsubscribe ??= this.#options.projector.subscribe(written => this.#add(written))
    this.#wakers.add(wake)
    return () => {
      if (this.#wakers.delete(wake) && this.#wakers.size === 0) this.#linger()
    }
  }

  #add({ events }: WrittenBatch): void {
    for (const event of events) {
      if (this.#ids.has(event.eventId)) continue
      const kept = tailEvent(event)
      this.#kept.push(kept)
      this.#ids.add(kept.eventId)
      this.#bytes += bytesOf(kept)
    }
    this.#dropOldest()
    for (const wake of this.#wakers) wake()
  }

  /** A batch at a time: to take them one by one from the front of an array would move all others each time. */
  #dropOldest(): void {
    const { eventsMax, bytesMax } = this.#limits
    let dropped = 0
    while (this.#kept.length - dropped > eventsMax || this.#bytes > bytesMax) {
      const oldest = this.#kept[dropped]!
      this.#bytes -= bytesOf(oldest)
      this.#ids.delete(oldest.eventId)
      dropped++
    }
    if (dropped === 0) return
    this.#kept = this.#kept.slice(dropped)
    this.#first += dropped
  }

  #linger(): void {
    this.#lingering = this.#options.clock.after(this.#limits.lingerMs, () => {
      this.#unsubscribe?.()
      this.#unsubscribe = undefined
      this.#epoch = epochOf(this.#options.random)
      this.#first = 0
      this.#kept = []
      this.#ids.clear()
      this.#bytes = 0
    })
  }
}

function tailEvent(event: SwarmEvent): TailEvent {
  const { eventId, traceId, source, eventType, timestampMicros, metadata, isDeadLetter } = event
  const text = JSON.stringify({
    event_id: eventId,
    trace_id: traceId,
    source,
    event_type: eventType,
    timestamp: textFromMicros(timestampMicros),
    metadata,
    is_dead_letter: isDeadLetter,
  })
  return { eventId, traceId, source, eventType, text }
}

function epochOf(random: Random): string {
  return Buffer.from(random.bytes(4)).toString('hex')
}

function bytesOf({ text }: TailEvent): number {
  return text.length + overheadBytes
}
