/**
 * The runs of windows that are not delivered, as they were before they were sealed: the usual window is built and delivered without reading it again. What is here is a
 * copy: where a window is larger, begun by an earlier process, or pushed out by others, its blocks are read, and give the same.
 */
import { decodeRun } from '../event/run.ts'
import type { BlockMark, BlockRow } from '../store/event-blocks.ts'
import type { WindowKey } from '../store/window-rows.ts'
import { recentBytesMax, recentRunBytes, recentWindowsMax } from './limits.ts'
import type { BlockSource } from './merge.ts'
import { windowNameOf } from './window-name.ts'

type Recent = { readonly runs: BlockRow[]; events: number; bytes: number }

export class RecentWindows {
  /** The one that began first comes first. */
  readonly #windows = new Map<string, Recent>()
  #bytes = 0

  /** `runs` were stored for the window: blocks whose payload is not packed. */
  add(window: WindowKey, runs: readonly BlockRow[]): void {
    const name = windowNameOf(window)
    let recent = this.#windows.get(name)
    if (recent === undefined) this.#windows.set(name, (recent = { runs: [], events: 0, bytes: 0 }))
    for (const run of runs) {
      recent.runs.push(run)
      recent.events += run.events
      recent.bytes += run.payload.length + recentRunBytes
      this.#bytes += run.payload.length + recentRunBytes
    }
    for (const oldest of this.#windows.keys()) {
      if (this.#bytes <= recentBytesMax && this.#windows.size <= recentWindowsMax) break
      this.#remove(oldest)
    }
  }

  /** All `count` events of the window; undefined where not all of them are here. */
  sourceOf(window: WindowKey, count: number): BlockSource | undefined {
    const name = windowNameOf(window)
    const recent = this.#windows.get(name)
    if (recent === undefined) return undefined
    if (recent.events === count) return sourceOf(recent.runs)
    this.#remove(name)
    return undefined
  }

  /** It is not asked for again. */
  remove(window: WindowKey): void {
    this.#remove(windowNameOf(window))
  }

  #remove(name: string): void {
    this.#bytes -= this.#windows.get(name)?.bytes ?? 0
    this.#windows.delete(name)
  }
}

function sourceOf(runs: readonly BlockRow[]): BlockSource {
  const inOrder = runs.toSorted((a, b) => a.firstMs - b.firstMs || a.blockId - b.blockId)
  let at = 0
  return {
    page: (_after: BlockMark | undefined, rowsMax) => inOrder.slice(at, (at += rowsMax)),
    async open({ payload }) {
      const events = decodeRun(payload)
      return events && { events, bytes: payload.length }
    },
  }
}
