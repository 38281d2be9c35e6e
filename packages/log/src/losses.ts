import type { Logger } from '@chronicle/telemetry'

/** Partitions whose losses are logged one by one; of the others only how many there are. */
const partitionsNamedMax = 100

/** Producer ids that are passed over after a loss: those in lost reservations are not known, and none may be given twice (L12). */
export const lostProducerIdsMax = 1_000_000

type Gap = { readonly topic: string; readonly partition: number; fromOffset: number; toOffset: number; offsets: number }
type Place = { readonly topic: string; readonly index: number; readonly stream: number }

/** What a start finds to be missing: entries were lost, and a repair gave them up (L13). */
export class Losses {
  /** Position of the last lost stretch that the replay has met, −1 before the first. */
  lastLsn = -1
  /** Offsets missing in partitions. */
  offsets = 0
  /** Entries that could not be used, because what they refer to was lost. */
  orphans = 0
  readonly #gaps = new Map<number, Gap>()

  /** What comes now may refer to something that is lost. */
  get any(): boolean {
    return this.lastLsn >= 0
  }

  met(lsn: number): void {
    this.lastLsn = lsn
  }

  /** The offsets from `fromOffset` up to `toOffset`, which is there again, are missing. */
  missing({ topic, index, stream }: Place, fromOffset: number, toOffset: number): void {
    const offsets = toOffset - fromOffset
    this.offsets += offsets
    const gap = this.#gaps.get(stream)
    if (!gap) this.#gaps.set(stream, { topic, partition: index, fromOffset, toOffset, offsets })
    else {
      gap.toOffset = toOffset
      gap.offsets += offsets
    }
  }

  /** Says once what is missing, each partition in a line. */
  report(logger: Logger): void {
    if (!this.any) return
    let named = 0
    for (const gap of this.#gaps.values()) {
      if (named++ === partitionsNamedMax) break
      logger.warn(gap, 'records of this partition were lost: some or all of these offsets are missing')
    }
    const { offsets, orphans } = this
    logger.warn(
      { partitions: this.#gaps.size, offsets, orphans },
      'parts of the write-ahead log were lost and given up; all else is served',
    )
  }
}
