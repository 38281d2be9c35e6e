/**
 * Stores what waits, oldest first, a group in each transaction: a hundred events, or what fifty milliseconds brought. While the database refuses, the group stays in
 * hand and is tried again (CE4). Between groups it closes the windows that are due: only up to the moment at which the oldest event came that still
 * waits, so that no event is late because the store was (CW2).
 */
import type { Clock, Timer } from '@chronicle/base'
import { Loop } from '../loop.ts'
import type { EventGroup, EventStore } from '../store/event-store.ts'
import type { PayloadKeys } from '../store/payload-keys.ts'
import type { Closer } from '../windows/closer.ts'
import { closedAtOnceMax } from '../windows/limits.ts'
import type { EventCounts } from './counters.ts'
import { groupOf, type PendingQueue } from './pending-queue.ts'
import { positionAfter, type Spill, type SpilledGroup } from './spill.ts'

/** A transaction begins once so many events wait … */
const groupEventsMin = 100
/** … or so many milliseconds after the first of them came. */
const groupDelayMs = 50
/** While more wait, a transaction takes so many events … */
const groupEventsMax = 5_000
/** … or so much of their data. */
export const groupBytesMax = 4 * 1024 * 1024
/** How often it is looked whether a window is due, by the clock of the machine: so that a clock that was set is noticed. */
const closeCheckMs = 250

export type GroupCommitOptions = {
  readonly queue: PendingQueue
  readonly spill: Spill
  readonly store: EventStore
  readonly closer: Closer
  readonly keys: PayloadKeys
  readonly clock: Clock
  readonly counts: EventCounts
  /** When the oldest event came that is on its way into the queue; undefined where none is. */
  readonly arrivingMs: () => number | undefined
  onFailure(error: unknown): void
  onUnreadable(events: number, error: unknown): void
}

/** A group that left queue or spill, and is not stored yet. */
type InHand = { readonly group: EventGroup; readonly receivedMs: number; readonly spilled?: SpilledGroup }

export class GroupCommit {
  readonly #options: GroupCommitOptions
  readonly #loop: Loop
  #inHand: InHand | undefined
  #delay: Timer | undefined
  #ticking: Timer | undefined
  #emptied = Promise.withResolvers<void>()

  constructor(options: GroupCommitOptions) {
    this.#options = options
    const { clock, onFailure } = options
    this.#loop = new Loop({ clock, step: () => this.#step(), onFailure })
  }

  /** Why nothing can be stored for the moment; undefined while it can. */
  get failure(): unknown {
    return this.#loop.failure
  }

  start(): void {
    this.#ticking = this.#options.clock.every(closeCheckMs, () => this.#loop.wake())
    this.#loop.wake()
  }

  /** The queue got an event. */
  added(): void {
    if (this.#options.queue.length >= groupEventsMin) this.#loop.wake()
    else this.#delay ??= this.#options.clock.after(groupDelayMs, () => this.#loop.wake())
  }

  /** Resolves once everything that waits is stored. */
  async flushed(): Promise<void> {
    while (this.#waits) {
      this.#loop.wake()
      await this.#emptied.promise
    }
  }

  /** Stores nothing more. What is still in hand goes back to the caller. */
  async stop(): Promise<EventGroup | undefined> {
    this.#ticking?.cancel()
    this.#delay?.cancel()
    await this.#loop.stop()
    // What came out of the spill is still in it.
    return this.#inHand?.spilled ? undefined : this.#inHand?.group
  }

  get #waits(): boolean {
    return this.#inHand !== undefined || !this.#options.spill.isEmpty || this.#options.queue.length > 0
  }

  async #step(): Promise<boolean> {
    this.#delay?.cancel()
    this.#delay = undefined
    this.#inHand ??= await this.#next()
    if (this.#inHand) await this.#store(this.#inHand)
    const closed = this.#options.closer.closeDue(this.#settledMs())
    this.#options.counts.windowsClosed += closed
    if (!this.#waits) {
      this.#emptied.resolve()
      this.#emptied = Promise.withResolvers()
    }
    return this.#waits || closed === closedAtOnceMax
  }

  async #next(): Promise<InHand | undefined> {
    const { queue, spill } = this.#options
    const spilled = spill.isEmpty ? undefined : await spill.next()
    if (spilled) return { group: spilled.group, receivedMs: spilled.receivedMs, spilled }
    const items = queue.peek(groupEventsMax, groupBytesMax)
    if (items.length === 0) return undefined
    queue.drop(items.length)
    return { group: groupOf(items), receivedMs: items[0]!.receivedMs }
  }

  async #store({ group, spilled }: InHand): Promise<void> {
    const { store, spill, keys, counts, onFailure, onUnreadable } = this.#options
    const positions = spilled ? [...group.positions, positionAfter(spilled)] : group.positions
    const { blocks, lateEvents } = store.store({ events: group.events, positions })
    this.#inHand = undefined
    counts.stored += group.events.length
    counts.late += lateEvents
    if (spilled?.lost) {
      onUnreadable(spilled.lost.events, spilled.lost.error)
    }
    if (spilled) await spill.release(spilled)
    // With a vault that cannot be reached the key that is there goes on sealing.
    await keys.used(blocks).catch(onFailure)
  }

  /** Everything that came before this moment is stored. */
  #settledMs(): number {
    const { queue, spill, clock, arrivingMs } = this.#options
    const waiting = [spill.oldestMs, this.#inHand?.receivedMs, queue.first?.receivedMs, arrivingMs()]
    return Math.min(clock.now(), ...waiting.filter(ms => ms !== undefined))
  }
}
