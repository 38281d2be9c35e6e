/** The events of windows that were just built, so that the usual one is read once and not twice. Bounded in events and in bytes: the oldest go first (CW7). */
import type { BatchEvent } from '../contract.ts'
import type { WindowKey } from '../store/window-rows.ts'
import { keptBytesMax, keptEventsMax } from './limits.ts'
import { windowNameOf } from './window-name.ts'

type Kept = { readonly events: readonly BatchEvent[]; readonly bytes: number }

export class KeptWindows {
  readonly #kept = new Map<string, Kept>()
  #events = 0
  #bytes = 0

  /** Keeps the only part of a window; `bytes` is what its events take in a run. */
  keep(window: WindowKey, events: readonly BatchEvent[], bytes: number): void {
    const name = windowNameOf(window)
    this.#remove(name)
    this.#kept.set(name, { events, bytes })
    this.#events += events.length
    this.#bytes += bytes
    for (const oldest of this.#kept.keys()) {
      if (this.#events <= keptEventsMax && this.#bytes <= keptBytesMax) break
      this.#remove(oldest)
    }
  }

  take(window: WindowKey): readonly BatchEvent[] | undefined {
    return this.#remove(windowNameOf(window))?.events
  }

  #remove(name: string): Kept | undefined {
    const kept = this.#kept.get(name)
    if (!kept) return undefined
    this.#kept.delete(name)
    this.#events -= kept.events.length
    this.#bytes -= kept.bytes
    return kept
  }
}
