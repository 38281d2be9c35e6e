/**
 * The door of the events: checks each, and puts it where it waits to be stored. A publisher is never told and never waits. When memory is full, the oldest go to
 * the spill; when that takes nothing either, what comes is turned away and counted. What was let in stays in (CB2).
 */
import type { Clock, Random } from '@chronicle/base'
import type { BusMessage } from '../contract.ts'
import { type CheckedEvent, checkEvent, isRefusal, type PendingEvent } from '../event/check.ts'
import { type EventRefusal, refusalText } from '../event/refusal.ts'
import type { SourcePosition } from '../store/positions.ts'
import { countBy, type EventCounts } from './counters.ts'
import type { GroupCommit } from './group-commit.ts'
import { groupOf, type PendingItem, type PendingQueue } from './pending-queue.ts'
import { RecentIds } from './recent-ids.ts'
import type { Spill } from './spill.ts'

/** So many events leave memory for the spill at once … */
export const spillEventsMax = 4_096
/** … or so much of their data. */
export const spillBytesMax = 1024 * 1024
/** After the spill has refused, it is not asked again for so many milliseconds. */
const spillRestMs = 100
/** How often a source that waits looks whether there is room. */
const roomCheckMs = 50

/** Takes the image out of the way of the events; rejects where the screenshot is not taken at all. Copies the image before it returns. */
export type ScreenshotDoor = { accept(event: PendingEvent, image: Uint8Array): Promise<PendingEvent> }

export type ReceiverOptions = {
  readonly queue: PendingQueue
  readonly spill: Spill
  readonly commit: GroupCommit
  readonly screenshots: ScreenshotDoor | undefined
  readonly recentIdsMin: number
  readonly clock: Clock
  readonly random: Random
  readonly counts: EventCounts
  /** In words that hold nothing of the event. */
  /** `inAll`: so many for this reason's field, or of screenshots. */
  onRefused(reason: string, inAll: number): void
  /** An event was turned away for want of room; `cause` is why the spill took nothing. */
  onNoRoom(cause: Error | undefined): void
}

export class Receiver {
  readonly #options: ReceiverOptions
  readonly #recent: RecentIds
  /** The ids of screenshots that are on their way, in their order, and when they came. */
  readonly #arriving = new Map<string, number>()
  /** Sources that are behind, and how far they are read. */
  readonly #readUpToMs = new Map<string, number>()
  #spillRestsUntil = Number.NEGATIVE_INFINITY
  #isStopped = false

  constructor(options: ReceiverOptions) {
    this.#options = options
    this.#recent = new RecentIds(options.recentIdsMin, options.random)
  }

  /** When the oldest event came that is on its way into the queue, or may be. */
  get arrivingMs(): number | undefined {
    const arriving: number | undefined = this.#arriving.values().next().value
    if (this.#readUpToMs.size === 0) return arriving
    return Math.min(...this.#readUpToMs.values(), arriving ?? Number.POSITIVE_INFINITY)
  }

  /** See `EventSink`. */
  readUpTo(source: string, readUpToMs: number | undefined): void {
    if (readUpToMs === undefined) this.#readUpToMs.delete(source)
    else this.#readUpToMs.set(source, readUpToMs)
  }

  /** Takes an event from a publisher that does not wait. Never throws. */
  receive({ event }: BusMessage): void {
    void this.#take(event)
  }

  /**
   * Takes an event from a source that can be read again, and resolves when the next one may come: there is room, and its screenshot has found its place. What is
   * refused moves the position of the source as well.
   */
  async receiveFrom({ event, arrivedMs }: BusMessage, next: SourcePosition): Promise<void> {
    while (this.#options.queue.isFull && !this.#makeRoom() && !this.#isStopped) await this.#pause(roomCheckMs)
    if (!this.#isStopped) await this.#take(event, next, arrivedMs)
  }

  /** Takes nothing more; resolves when the screenshots that came are in the queue. */
  async stop(): Promise<void> {
    this.#isStopped = true
    while (this.#arriving.size > 0) await this.#pause(1)
  }

  #take(value: unknown, next?: SourcePosition, arrivedMs = Number.POSITIVE_INFINITY): Promise<void> | undefined {
    if (this.#isStopped) return undefined
    const { counts, clock, screenshots } = this.#options
    counts.received++
    const nowMs = Math.max(0, Math.floor(clock.now()))
    const checked = checkEvent(value, nowMs, Math.min(nowMs, arrivedMs))
    // Producers give the times of records: one whose clock is wrong holds no window open, unless its source has to be caught up with.
    const receivedMs = this.#readUpToMs.size > 0 ? Math.min(nowMs, arrivedMs) : nowMs
    if (isRefusal(checked)) this.#refuse(checked)
    else if (this.#isRepeated(checked.event.id)) counts.repeated++
    else if (checked.image && screenshots) return this.#takeScreenshot(checked, screenshots, receivedMs, next)
    else return void this.#push({ event: checked.event, receivedMs, next })
    if (next) this.#push({ receivedMs, next })
    return undefined
  }

  #isRepeated(id: string): boolean {
    return this.#arriving.has(id) || this.#recent.has(id)
  }

  async #takeScreenshot(
    { event, image }: CheckedEvent,
    screenshots: ScreenshotDoor,
    receivedMs: number,
    next: SourcePosition | undefined,
  ): Promise<void> {
    this.#arriving.set(event.id, receivedMs)
    try {
      this.#push({ event: await screenshots.accept(event, image!), receivedMs, next })
    } catch (error) {
      const { counts, onRefused } = this.#options
      const inAll = countBy(counts.lost, 'screenshot-refused')
      onRefused(error instanceof Error ? error.message : 'the screenshot was not taken', inAll)
      if (next) this.#push({ receivedMs, next })
    } finally {
      this.#arriving.delete(event.id)
    }
  }

  #push(item: PendingItem): void {
    const { queue, commit, counts, onNoRoom, spill } = this.#options
    if (queue.isFull && !this.#makeRoom()) {
      countBy(counts.lost, 'no-room')
      onNoRoom(spill.hindrance)
      return
    }
    queue.push(item)
    if (item.event) this.#recent.add(item.event.id)
    commit.added()
  }

  /** Moves the oldest to the spill; false where that takes nothing. */
  #makeRoom(): boolean {
    const { queue, spill, counts, clock } = this.#options
    if (clock.monotonic() < this.#spillRestsUntil || !spill.canTake) return false
    const items = queue.peek(spillEventsMax, spillBytesMax)
    try {
      spill.append(groupOf(items))
    } catch {
      // The log keeps the reason: `spill.hindrance`.
      this.#spillRestsUntil = clock.monotonic() + spillRestMs
      return false
    }
    queue.drop(items.length)
    counts.spilled += items.length
    return true
  }

  #refuse(refusal: EventRefusal): void {
    const inAll = countBy(this.#options.counts.refused, refusal.field)
    this.#options.onRefused(refusalText(refusal), inAll)
  }

  #pause(ms: number): Promise<void> {
    return new Promise(resolve => void this.#options.clock.after(ms, resolve))
  }
}
