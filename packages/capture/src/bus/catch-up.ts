/**
 * How far behind a reader is: from its start until it has read what had come to the topic by then, and by the time it had, and so on. As long as it is, the store closes no window
 * whose events may still be in the topic (CW2).
 */
import type { Clock, Timer } from '@chronicle/base'

/** What came while it read for no longer than this is not worth another look at the ends of the topic. */
const roundMsMax = 250
/** A topic may end in offsets that hold no record: who has waited so long for one has read all there is. */
const silenceMsMax = 5_000

export type CatchUpOptions = {
  readonly clock: Clock
  /** Offsets of the next records to come, by partition. */
  readonly ends: () => Promise<ReadonlyMap<number, number>>
  /** What came before this moment is read; undefined: all is. */
  tell(readUpToMs: number | undefined): void
}

export class CatchUp {
  readonly #options: CatchUpOptions
  /** Where each partition goes on. */
  readonly #next: Map<number, number>
  /** Partitions that are not read up to the end that was looked up. */
  readonly #ends = new Map<number, number>()
  /** When the last record of a partition came that is read. */
  readonly #arrivedMs = new Map<number, number>()
  #roundBeganMs = 0
  #lastReadMs = 0
  #isReading = false
  #timer: Timer | undefined

  /** `next`: where each partition goes on. */
  constructor(options: CatchUpOptions, next: ReadonlyMap<number, number>) {
    this.#options = options
    this.#next = new Map(next)
  }

  async begin(): Promise<void> {
    const { clock, ends } = this.#options
    this.#lastReadMs = clock.monotonic()
    this.#timer = clock.every(silenceMsMax, () => this.#look())
    this.#beginRound(await ends())
  }

  /** A record is there, and the store takes it as soon as it has room. */
  reading(): void {
    this.#isReading = true
  }

  /** The store has the record, which came at `arrivedMs`; `position` is behind it. Where a promise comes back, the next record waits for it. */
  read(partition: number, position: number, arrivedMs: number): Promise<void> | undefined {
    if (this.#timer === undefined) return undefined
    this.#isReading = false
    this.#lastReadMs = this.#options.clock.monotonic()
    this.#next.set(partition, position)
    this.#arrivedMs.set(partition, Math.max(arrivedMs, this.#arrivedMs.get(partition) ?? arrivedMs))
    if (position >= (this.#ends.get(partition) ?? Number.POSITIVE_INFINITY)) this.#ends.delete(partition)
    if (this.#ends.size > 0) this.#tell()
    else if (this.#lastReadMs - this.#roundBeganMs <= roundMsMax) this.#end()
    else return this.#options.ends().then(ends => this.#beginRound(ends))
    return undefined
  }

  /** Nothing is told any more. */
  stop(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #beginRound(ends: ReadonlyMap<number, number>): void {
    this.#roundBeganMs = this.#options.clock.monotonic()
    for (const [partition, end] of ends) if ((this.#next.get(partition) ?? 0) < end) this.#ends.set(partition, end)
    if (this.#ends.size === 0) this.#end()
  }

  #tell(): void {
    const arrived = [...this.#ends.keys()].map(partition => this.#arrivedMs.get(partition) ?? Number.NEGATIVE_INFINITY)
    this.#options.tell(Math.min(...arrived))
  }

  #end(): void {
    this.stop()
    this.#options.tell(undefined)
  }

  #look(): void {
    if (!this.#isReading && this.#options.clock.monotonic() - this.#lastReadMs >= silenceMsMax) this.#end()
  }
}
