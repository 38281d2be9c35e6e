/**
 * Sends the batches of built windows, one at a time, each until the consumer has it (CW4). How far a window has got stands in the database: after a crash
 * the batch that was under way is sent again, with the same id.
 */
import { assert, type ChronicleError, type Clock } from '@chronicle/base'
import type { BatchEvent, EventBatch } from '../contract.ts'
import type { CaptureDatabase } from '../store/database.ts'
import type { EventBlocks } from '../store/event-blocks.ts'
import type { PayloadKeys } from '../store/payload-keys.ts'
import type { WindowRow, WindowRows } from '../store/window-rows.ts'
import { batchEvent, buildBatch, type ScreenshotReferences } from './batch.ts'
import { type BatchConsumer, Handover } from './handover.ts'
import type { KeptWindows } from './kept-windows.ts'
import { type MergeLimits, partsOf } from './merge.ts'
import type { RecentWindows } from './recent-windows.ts'
import { storedWindow } from './stored-window.ts'
import type { WindowSummary } from './summary.ts'

/** After a failed delivery the next try comes after so many milliseconds, twice as many each time … */
const redeliverMsMin = 1_000
/** … up to this many. */
export const redeliverMsMax = 600_000
/** While windows wait for their next try, they are looked at this often. */
const lookMs = 1_000
/** After so many failures in a row the consumer is away, and not one batch amiss: windows are then tried one by one, so often. */
const awayFailures = 4
const awayMs = 1_000

export type DeliveryOptions = {
  readonly database: CaptureDatabase
  readonly windows: WindowRows
  readonly blocks: EventBlocks
  readonly keys: PayloadKeys
  readonly recent: RecentWindows
  readonly kept: KeptWindows
  readonly mergeLimits: MergeLimits
  readonly clock: Clock
  readonly consumer: BatchConsumer
  readonly deliveryMsMax: number
  readonly screenshots: ScreenshotReferences
  onDelivered(): void
  /** `inARow`: failures since a batch was taken. */
  onFailed(batchId: string, error: unknown, inARow: number): void
}

export class Delivery {
  readonly #options: DeliveryOptions
  readonly #handover: Handover
  #lastFailure: ChronicleError | undefined
  #failuresInARow = 0
  #restsUntil = Number.NEGATIVE_INFINITY

  constructor(options: DeliveryOptions) {
    this.#options = options
    this.#handover = new Handover(options.consumer, options.clock, options.deliveryMsMax)
  }

  /** Batches that were sent and neither taken nor refused until their time was up, and still are not. */
  get unanswered(): number {
    return this.#handover.unanswered
  }

  /** Windows of which a part was refused or not answered, and why the last of them; undefined where there is none. Throws `DatabaseError`. */
  get refused(): { readonly windows: number; readonly last: ChronicleError | undefined } | undefined {
    const windows = this.#options.windows.refused()
    return windows > 0 ? { windows, last: this.#lastFailure } : undefined
  }

  /** Sends what is due of the earliest window. As a step of a `Loop`: true where there may be more. Rejects with `DatabaseError` and the vault's errors. */
  async deliverNext(): Promise<boolean | number> {
    const { windows, clock } = this.#options
    const restMs = this.#restsUntil - clock.monotonic()
    if (restMs > 0) return restMs
    if (!this.#handover.mayBegin) return lookMs
    const row = windows.nextDeliverable(clock.now(), redeliverMsMax)
    if (row === undefined) return windows.counts().built > 0 ? lookMs : false
    await this.#deliver(row)
    return true
  }

  /** Nobody waits for the delivery under way any more: it counts as not done. */
  stop(): void {
    this.#handover.stop()
  }

  async #deliver(row: WindowRow): Promise<void> {
    assert(row.parts !== null && row.summary !== null, 'a built window has parts and a summary')
    const summary = JSON.parse(row.summary) as WindowSummary
    let part = 0
    for await (const events of this.#parts(row)) {
      // What came back that could not be read when the window was built belongs to no part.
      if (++part > row.parts) break
      if (part <= row.partsDelivered) continue
      const batch = buildBatch(row, part, row.parts, events, summary, this.#options.screenshots)
      if (!(await this.#send(row, batch))) return
    }
    // Fewer parts than there were: blocks were damaged since. The window must not wait for them.
    if (part < row.parts) this.#options.database.transaction(() => this.#options.windows.markDelivered(row, row.parts!))
  }

  async *#parts(row: WindowRow): AsyncIterable<readonly BatchEvent[]> {
    const { kept, recent, blocks, keys, mergeLimits } = this.#options
    const stored = () => storedWindow(row, blocks, keys, () => undefined)
    const events = kept.take(row)
    if (events) yield events
    else
      yield* partsOf(recent.sourceOf(row, row.events) ?? stored(), mergeLimits, event => batchEvent(event, row.start))
  }

  /** Whether the consumer has it, and the database knows. */
  async #send(row: WindowRow, batch: EventBatch): Promise<boolean> {
    const { database, windows, recent, clock, onDelivered, onFailed } = this.#options
    const failure = await this.#handover.handOver(batch)
    if (failure === 'stopped') return false
    if (failure) {
      this.#lastFailure = failure.error
      const delayMs = Math.min(redeliverMsMax, redeliverMsMin * 2 ** Math.min(row.attempts, 16))
      database.transaction(() => windows.markFailed(row, clock.now() + delayMs))
      if (++this.#failuresInARow >= awayFailures) this.#restsUntil = clock.monotonic() + awayMs
      onFailed(batch.batch_id, failure.error, this.#failuresInARow)
      return false
    }
    database.transaction(() => windows.markDelivered(row, batch.part))
    this.#failuresInARow = 0
    if (batch.part === row.parts) recent.remove(row)
    onDelivered()
    return true
  }
}
