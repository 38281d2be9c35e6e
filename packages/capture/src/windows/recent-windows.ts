/**
 * The events of windows that are open, as they were stored, so that the usual window is built without reading it again. What is here is a copy: where a window is
 * over-full, begun by an earlier process, or pushed out by others, its blocks are read, and give the same.
 */
import type { JsonObject } from '../contract.ts'
import type { DecodedEvent, RunEvent } from '../event/run.ts'
import type { WindowKey } from '../store/window-rows.ts'
import { partEventsMax, recentCharactersMax, recentEventsMax, recentWindowsMax } from './limits.ts'
import { windowNameOf } from './window-name.ts'

type Recent = { events: RunEvent[]; characters: number; isOverFull: boolean }

export class RecentWindows {
  readonly #windows = new Map<string, Recent>()
  #events = 0
  #characters = 0

  /** `events` were stored for the window. */
  add(window: WindowKey, events: readonly RunEvent[]): void {
    const name = windowNameOf(window)
    let recent = this.#windows.get(name)
    if (recent === undefined) this.#windows.set(name, (recent = { events: [], characters: 0, isOverFull: false }))
    if (recent.isOverFull) return
    if (recent.events.length + events.length > partEventsMax) this.#empty(recent)
    else this.#extend(recent, events)
    for (const oldest of this.#windows.keys()) {
      if (this.#fits) break
      this.#remove(oldest)
    }
  }

  /** All `count` events of the window in the order of their times; undefined where not all of them are here. They are not held any longer. */
  take(window: WindowKey, count: number): DecodedEvent[] | undefined {
    const recent = this.#remove(windowNameOf(window))
    if (recent?.events.length !== count || count === 0) return undefined
    // Of events of one millisecond the one that was stored first comes first, as in the merge of blocks.
    const events = recent.events.sort((a, b) => a.timestamp - b.timestamp)
    const data = JSON.parse(`[${events.map(event => event.json).join(',')}]`) as JsonObject[]
    return events.map(({ id, timestamp, eventType }, at) => ({ id, timestamp, eventType, data: data[at]! }))
  }

  get #fits(): boolean {
    return (
      this.#events <= recentEventsMax &&
      this.#characters <= recentCharactersMax &&
      this.#windows.size <= recentWindowsMax
    )
  }

  #extend(recent: Recent, events: readonly RunEvent[]): void {
    for (const event of events) {
      recent.events.push(event)
      recent.characters += event.json.length
      this.#characters += event.json.length
    }
    this.#events += events.length
  }

  #empty(recent: Recent): void {
    this.#events -= recent.events.length
    this.#characters -= recent.characters
    Object.assign(recent, { events: [], characters: 0, isOverFull: true })
  }

  #remove(name: string): Recent | undefined {
    const recent = this.#windows.get(name)
    if (recent === undefined) return undefined
    this.#windows.delete(name)
    this.#events -= recent.events.length
    this.#characters -= recent.characters
    return recent
  }
}
