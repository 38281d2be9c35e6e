import type { Clock } from '@chronicle/base'
import type { Isolation, Partition } from '@chronicle/log'
import { readEnd } from './fetch-read.ts'
import type { FetchPartition } from './fetch-sessions.ts'
import type { TopicLookup } from './topic-lookup.ts'

/** A fetch that waits for more than the next record does not look more often than this. */
const lookAgainMsMin = 5

/** The fetches that wait for records. */
export class FetchWaits {
  readonly #clock: Clock
  readonly #waiting = new Set<() => void>()
  #stopped = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get stopped(): boolean {
    return this.#stopped
  }

  /** To be called before the partitions are read: what comes after this moment is news. */
  prepare(partitions: readonly FetchPartition[], lookup: TopicLookup, isolation: Isolation): FetchWait {
    return new FetchWait(this.#clock, this.#waiting, partitions, lookup, isolation)
  }

  /** Wakes everybody; nobody waits any more. */
  stop(): void {
    this.#stopped = true
    for (const wake of [...this.#waiting]) wake()
  }
}

/** One fetch that may have to wait. While it does it holds a timer and one listener for each partition. */
export class FetchWait {
  readonly #clock: Clock
  readonly #waiting: Set<() => void>
  readonly #partitions: Partition[] = []
  readonly #isolation: Isolation
  /** All ends added up: they only grow, so a change of one changes the sum. */
  readonly #endsBefore: number

  constructor(
    clock: Clock,
    waiting: Set<() => void>,
    partitions: readonly FetchPartition[],
    lookup: TopicLookup,
    isolation: Isolation,
  ) {
    this.#clock = clock
    this.#waiting = waiting
    this.#isolation = isolation
    for (const { topic, topicId, partition } of partitions) {
      const found = lookup.partition(topic, topicId, partition)
      if (found !== undefined) this.#partitions.push(found)
    }
    this.#endsBefore = this.#ends()
  }

  /** Resolves when a partition has grown, at `deadline` (monotonic), or when the connection or the broker goes. */
  async untilNews(deadline: number, bytesMin: number, closed: AbortSignal): Promise<void> {
    if (bytesMin > 1) await this.#sleep(Math.min(lookAgainMsMin, deadline - this.#clock.monotonic()), closed, [])
    if (closed.aborted || this.#ends() !== this.#endsBefore) return
    await this.#sleep(deadline - this.#clock.monotonic(), closed, this.#partitions)
  }

  #sleep(ms: number, closed: AbortSignal, until: readonly Partition[]): Promise<void> {
    return new Promise(resolve => {
      const wake = (): void => {
        timer.cancel()
        for (const unsubscribe of subscriptions) unsubscribe()
        closed.removeEventListener('abort', wake)
        this.#waiting.delete(wake)
        resolve()
      }
      const timer = this.#clock.after(Math.max(ms, 0), wake)
      const subscriptions = until.map(partition => partition.subscribe(wake))
      closed.addEventListener('abort', wake)
      this.#waiting.add(wake)
    })
  }

  #ends(): number {
    let sum = 0
    for (const partition of this.#partitions) sum += readEnd(partition, this.#isolation)
    return sum
  }
}
