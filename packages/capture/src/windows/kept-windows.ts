/** The events of windows that were just built, so that the usual one is read once and not twice. Bounded in events: the oldest go first. */
import type { BatchEvent } from '../contract.ts'
import type { WindowKey } from '../store/window-rows.ts'
import { keptEventsMax } from './limits.ts'
import { windowNameOf } from './window-name.ts'

export class KeptWindows {
  readonly #kept = new Map<string, readonly BatchEvent[]>()
  #events = 0

  /** Keeps the only part of a window. */
  keep(window: WindowKey, events: readonly BatchEvent[]): void {
    this.#kept.set(windowNameOf(window), events)
    this.#events += events.length
    for (const [name, oldest] of this.#kept) {
      if (this.#events <= keptEventsMax) break
      this.#kept.delete(name)
      this.#events -= oldest.length
    }
  }

  take(window: WindowKey): readonly BatchEvent[] | undefined {
    const name = windowNameOf(window)
    const events = this.#kept.get(name)
    if (events && this.#kept.delete(name)) this.#events -= events.length
    return events
  }
}
