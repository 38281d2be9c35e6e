/** Builds closed windows: one pass over the events for counts and aggregates, which are stored together with the sums of minutes, hours and days. */
import type { BatchEvent } from '../contract.ts'
import type { Aggregates } from '../store/aggregates.ts'
import type { CaptureDatabase } from '../store/database.ts'
import type { EventBlocks } from '../store/event-blocks.ts'
import type { PayloadKeys } from '../store/payload-keys.ts'
import type { WindowRow, WindowRows } from '../store/window-rows.ts'
import { batchEvent } from './batch.ts'
import type { KeptWindows } from './kept-windows.ts'
import { type MergeLimits, piecesOf } from './merge.ts'
import type { RecentWindows } from './recent-windows.ts'
import { storedWindow } from './stored-window.ts'
import { SummaryBuilder } from './summary.ts'

export type BuilderOptions = {
  readonly database: CaptureDatabase
  readonly windows: WindowRows
  readonly blocks: EventBlocks
  readonly aggregates: Aggregates
  readonly keys: PayloadKeys
  readonly recent: RecentWindows
  readonly kept: KeptWindows
  readonly idleAfterMs: number
  readonly mergeLimits: MergeLimits
  /** What is ready to run elsewhere has its turn. */
  readonly breathe: () => Promise<void>
  onBuilt(): void
  /** Stored events that cannot be read any more, by how many. */
  onLost(events: number, error: unknown): void
}

type Passed = {
  readonly parts: number
  readonly first: readonly BatchEvent[]
  /** Of all parts. */
  readonly bytes: number
  readonly lost: readonly { readonly events: number; readonly error: unknown }[]
}

export class Builder {
  readonly #options: BuilderOptions

  constructor(options: BuilderOptions) {
    this.#options = options
  }

  /** Builds the earliest window that is closed; false where none is. Rejects with `DatabaseError` and with what the vault says; nothing is half done then. */
  async buildNext(): Promise<boolean> {
    const row = this.#options.windows.nextClosed()
    if (row === undefined) return false
    const builder = new SummaryBuilder(row.start, row.end, this.#options.idleAfterMs)
    const { parts, first, bytes, lost } = await this.#pass(row, builder)
    this.#store(row, builder, parts)
    for (const { events, error } of lost) this.#options.onLost(events, error)
    if (parts === 1) this.#options.kept.keep(row, first, bytes)
    this.#options.onBuilt()
    return true
  }

  async #pass(row: WindowRow, builder: SummaryBuilder): Promise<Passed> {
    const { blocks, keys, recent, mergeLimits, breathe } = this.#options
    const lost: Passed['lost'][number][] = []
    const stored = () => storedWindow(row, blocks, keys, (events, error) => lost.push({ events, error }))
    const source = recent.sourceOf(row, row.events) ?? stored()
    const first: BatchEvent[] = []
    let parts = 0
    let bytes = 0
    for await (const { part, events, bytes: ofPiece } of piecesOf(source, mergeLimits)) {
      if (part > Math.max(parts, 1)) await breathe()
      parts = part
      bytes += ofPiece
      for (const event of events) builder.add(event)
      // Of a window that has more parts none is kept: what is held for long costs the collector more than reading it again.
      if (part === 1 && row.events <= mergeLimits.partEventsMax)
        for (const event of events) first.push(batchEvent(event, row.start))
    }
    return { parts, first, bytes, lost }
  }

  /** CE7: the sums are added in the transaction after which the window is not built again. */
  #store(row: WindowRow, builder: SummaryBuilder, parts: number): void {
    const { database, windows, aggregates } = this.#options
    database.transaction(() => {
      windows.markBuilt(row, parts, JSON.stringify(builder.summary()))
      for (const { startMs, sums } of builder.minutes()) aggregates.add(row.sessionId, startMs, sums)
      // None of its events can be read any more: nothing is sent for it.
      if (parts === 0) windows.markDelivered(row, 0)
    })
  }
}
