import { assert, messageOf, type Timer } from '@chronicle/base'
import type { Engine } from './engine.ts'
import type { LogState } from './log-state.ts'
import { forgetSilentProducers } from './memory.ts'
import type { LogStart } from './metadata/entries.ts'
import { retainedStart } from './retention.ts'
import type { Snapshots } from './snapshot/snapshots.ts'

/** The next snapshot waits until the log has grown by so many times the size of the last: snapshots cost little beside it. */
const growthPerSnapshotByte = 16
/** Partitions whose start one entry of the metadata moves. */
const startsMax = 1000

/** What has to be done now and then: snapshots, retention, giving space back. */
export class Maintenance {
  readonly #engine: Engine
  readonly #state: LogState
  readonly #snapshots: Snapshots
  #timers: Timer[] = []
  #snapshotting: Promise<void> | undefined
  #retaining: Promise<void> | undefined
  #trimming: Promise<void> = Promise.resolve()
  /** Why the last snapshot was not taken; undefined when it was. */
  snapshotFailure: string | undefined
  snapshotsTaken = 0
  #retryFromLsn = 0
  /** Where the log ended when retention was last looked at. */
  #retainedLsn = 0

  constructor(engine: Engine, state: LogState, snapshots: Snapshots) {
    this.#engine = engine
    this.#state = state
    this.#snapshots = snapshots
  }

  start(): void {
    const { clock, settings } = this.#engine
    this.#timers = [
      clock.every(settings.retentionCheckMs, () => void this.retain()),
      clock.every(settings.snapshotAgeMsMax, () => void this.snapshot()),
    ]
    this.#retainedLsn = this.#engine.wal().durableLsn
    this.#engine.onProgress = durableLsn => this.#grown(durableLsn)
  }

  /** Stops what runs by itself and waits for what is under way. */
  async stop(): Promise<void> {
    for (const timer of this.#timers) timer.cancel()
    this.#engine.onProgress = () => undefined
    await this.#retaining
    await this.#snapshotting
    await this.#trimming
  }

  /** Takes a snapshot unless nothing has changed since the last; one at a time. Never rejects. */
  snapshot(): Promise<void> {
    this.#snapshotting ??= this.#snapshot().finally(() => {
      this.#snapshotting = undefined
    })
    return this.#snapshotting
  }

  /** Applies retention to all partitions and gives back what nobody needs any more. Never rejects. */
  retain(): Promise<void> {
    this.#retaining ??= this.#retain().finally(() => {
      this.#retaining = undefined
    })
    return this.#retaining
  }

  /**
   * Gives back what deletions and retention have let go of. Where only the snapshots stand in the way of much, takes one: with the
   * next one, the older of the two kept lies behind it. Never rejects.
   */
  reclaim(): Promise<void> {
    const { reclaimBytesMin } = this.#engine.settings
    const wal = this.#engine.wal()
    const reclaimable = Math.min(this.#liveLsn(), wal.durableLsn) - Math.max(wal.startLsn, this.#snapshots.trimLimit)
    const worthIt = Math.max(reclaimBytesMin, this.#snapshots.newestBytes * growthPerSnapshotByte)
    return reclaimable >= worthIt ? this.snapshot() : this.trim()
  }

  /** Gives back what lies below every live batch and below the snapshot that stands by (L10). Never rejects. */
  trim(): Promise<void> {
    this.#trimming = this.#trimming.then(() => this.#trim())
    return this.#trimming
  }

  #grown(durableLsn: number): void {
    const { snapshotGrowthBytes, retentionGrowthBytes } = this.#engine.settings
    // Under load space is given back file by file, not all at once when the time comes: the write-ahead log then writes over
    // files that it has let go of, which is faster than extending new ones.
    if (durableLsn - this.#retainedLsn >= retentionGrowthBytes) void this.retain()
    const growth = Math.max(snapshotGrowthBytes, this.#snapshots.newestBytes * growthPerSnapshotByte)
    const from = Math.max(this.#snapshots.newestLsn, this.#retryFromLsn)
    if (durableLsn - from >= growth) void this.snapshot()
  }

  async #snapshot(): Promise<void> {
    const wal = this.#engine.wal()
    const lsn = wal.endLsn
    if (lsn === this.#snapshots.newestLsn || this.#engine.failure) return
    try {
      await this.#snapshots.take(this.#state, lsn, wal.flushed())
      this.snapshotsTaken++
      this.snapshotFailure = undefined
    } catch (error) {
      this.snapshotFailure = messageOf(error)
      // Not again at every group: after as much growth as a new one would wait for.
      this.#retryFromLsn = lsn
      this.#engine.logger.error({ error }, 'a snapshot could not be taken: the next start replays more')
      return
    }
    await this.trim()
  }

  async #retain(): Promise<void> {
    const { clock, settings, logger } = this.#engine
    const now = clock.now()
    this.#retainedLsn = this.#engine.wal().durableLsn
    forgetSilentProducers(this.#state.partitions(), now - settings.producerExpirationMs)
    const starts: LogStart[] = []
    for (const partition of this.#state.partitions()) {
      const offset = retainedStart(partition, now)
      if (offset > partition.logStartOffset) starts.push({ stream: partition.stream, offset })
    }
    try {
      for (let from = 0; from < starts.length; from += startsMax) {
        await this.#state.journal.append({ type: 'log-start-moved', starts: starts.slice(from, from + startsMax) })
      }
    } catch (error) {
      logger.warn({ error }, 'retention could not be applied; it is tried again')
      return
    }
    await this.reclaim()
  }

  async #trim(): Promise<void> {
    const wal = this.#engine.wal()
    const lsn = Math.min(this.#snapshots.trimLimit, this.#liveLsn())
    if (lsn <= wal.startLsn) return
    assert(lsn <= wal.durableLsn, 'only what is durable is trimmed')
    try {
      await wal.trim(lsn)
    } catch (error) {
      this.#engine.logger.warn(
        { error, lsn },
        'space of the write-ahead log could not be given back; it is tried again',
      )
    }
  }

  /** Position of the oldest batch that may still be read; infinity when there is none. */
  #liveLsn(): number {
    let lsn = Number.POSITIVE_INFINITY
    for (const partition of this.#state.partitions()) lsn = Math.min(lsn, partition.oldestLsn)
    return lsn
  }
}
