/** Accepted events that wait in memory, oldest first: bounded in number and in size (CB1). */
import type { PendingEvent } from '../event/check.ts'
import type { EventGroup } from '../store/event-store.ts'
import type { SourcePosition } from '../store/positions.ts'

export type PendingItem = {
  /** Absent where a source brought something that is not stored: only its position goes on. */
  readonly event?: PendingEvent
  /** No window that was open at this moment closes before it is stored. */
  readonly receivedMs: number
  /** Where its source goes on behind it. */
  readonly next?: SourcePosition | undefined
}

/** What an event takes in memory beside its data, roughly, in bytes. */
const overheadBytes = 300

export type QueueLimits = { readonly queueEventsMax: number; readonly queueBytesMax: number }

/** Taken items are cut off the array once there are so many, and they are the greater part. */
const cutItemsMin = 4_096

export class PendingQueue {
  readonly #limits: QueueLimits
  #items: PendingItem[] = []
  #head = 0
  #bytes = 0

  constructor(limits: QueueLimits) {
    this.#limits = limits
  }

  get length(): number {
    return this.#items.length - this.#head
  }

  get bytes(): number {
    return this.#bytes
  }

  get first(): PendingItem | undefined {
    return this.#items[this.#head]
  }

  get isFull(): boolean {
    return this.length >= this.#limits.queueEventsMax || this.#bytes >= this.#limits.queueBytesMax
  }

  /** False, and nothing added, when it is full. */
  push(item: PendingItem): boolean {
    if (this.isFull) return false
    this.#items.push(item)
    this.#bytes += bytesOf(item)
    return true
  }

  /** The oldest, at most so many and of so much data, but at least one where there is any. They stay in the queue. */
  peek(eventsMax: number, bytesMax: number): PendingItem[] {
    let end = this.#head
    let bytes = 0
    while (end < this.#items.length && end - this.#head < eventsMax && bytes < bytesMax)
      bytes += bytesOf(this.#items[end++]!)
    return this.#items.slice(this.#head, end)
  }

  /** Lets go of the `count` oldest. */
  drop(count: number): void {
    const end = this.#head + count
    for (; this.#head < end; this.#head++) this.#bytes -= bytesOf(this.#items[this.#head]!)
    // What is taken is held by nobody any more, mostly at once: all that waits is taken together.
    if (this.length > 0 && (this.#head < cutItemsMin || this.#head * 2 < this.#items.length)) return
    this.#items = this.#items.slice(this.#head)
    this.#head = 0
  }
}

function bytesOf({ event }: PendingItem): number {
  return (event?.json.length ?? 0) + overheadBytes
}

/** Items in their order as a group to store: of each source the last position counts. */
export function groupOf(items: readonly PendingItem[]): EventGroup {
  const positions = new Map<string, SourcePosition>()
  for (const { next } of items) if (next) positions.set(`${next.partition} ${next.source}`, next)
  return { events: items.flatMap(({ event }) => event ?? []), positions: [...positions.values()] }
}
