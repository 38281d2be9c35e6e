/** Keeps what partitions remember inside its limits: coarser indexes, fewer producers. */
import type { LogState } from './log-state.ts'
import type { PartitionLog } from './partition.ts'
import type { LogSettings } from './settings.ts'
import type { Usage } from './usage.ts'

/** What a pass frees beyond the limit, so that the next one is not due at once. */
const slack = 0.9
/** An index of fewer blocks is not thinned. */
const blocksMin = 16

export class MemoryLimits {
  readonly #usage: Usage
  readonly #settings: LogSettings
  /** Raised above the setting while even the coarsest indexes need more. */
  #indexBytesMax: number

  constructor(usage: Usage, settings: LogSettings) {
    this.#usage = usage
    this.#settings = settings
    this.#indexBytesMax = settings.indexBytesMax
  }

  get isExceeded(): boolean {
    return this.#usage.indexBytes > this.#indexBytesMax || this.#usage.producers > this.#settings.producersMax
  }

  /** Called by whoever finds `isExceeded`. */
  enforce(state: LogState): void {
    if (this.#usage.producers > this.#settings.producersMax) {
      forgetExcessProducers(state, Math.floor(this.#settings.producersMax * slack))
    }
    if (this.#usage.indexBytes > this.#indexBytesMax) this.#thin(state)
  }

  #thin(state: LogState): void {
    const target = this.#settings.indexBytesMax * slack
    const largestFirst = [...state.partitions()].sort((a, b) => b.batches.length - a.batches.length)
    while (this.#usage.indexBytes > target) {
      const before = this.#usage.indexBytes
      const blocksWorthwhile = Math.max(blocksMin, largestFirst[0]!.batches.length / 2)
      for (const partition of largestFirst) {
        if (partition.batches.length >= blocksWorthwhile) partition.batches.thin()
        if (this.#usage.indexBytes <= target) break
      }
      if (this.#usage.indexBytes >= before) break
      largestFirst.sort((a, b) => b.batches.length - a.batches.length)
    }
    this.#indexBytesMax = Math.max(this.#settings.indexBytesMax, this.#usage.indexBytes * 1.25)
  }
}

/** Forgets the producers that have been silent longest, in all partitions, until at most `producersMax` are left. */
function forgetExcessProducers(state: LogState, producersMax: number): void {
  const lastSeen: number[] = []
  for (const { producers } of state.partitions())
    for (const { lastSeenMs } of producers.values()) lastSeen.push(lastSeenMs)
  const excess = lastSeen.length - producersMax
  if (excess <= 0) return
  const ordered = Float64Array.from(lastSeen).sort()
  for (const { producers } of state.partitions()) producers.expire(ordered[excess - 1]! + 1)
}

/** Forgets producers not heard of since `silentSinceMs`, but for those with an open transaction. */
export function forgetSilentProducers(partitions: Iterable<PartitionLog>, silentSinceMs: number): void {
  for (const { producers } of partitions) producers.expire(silentSinceMs)
}
