import type { Log, Partition } from '@chronicle/log'
import type { Logger } from '@chronicle/telemetry'
import type { LogMove, LogPosition } from '../contract.ts'

/** A partition that events are read from, and how far. */
export class Followed {
  readonly partition: Partition
  readonly unsubscribe: () => void
  /** Where the partition ended when it was first seen. */
  readonly seenEnd: number
  /** The tables have everything below; undefined until they were asked. */
  position: number | undefined
  /** What the tables hold as their position: the same, but for none at all, and one that the log does not reach any more. */
  stored: number | undefined
  /** The next record to read: the position, and more while a batch is being written. */
  next: number
  /** It could not be read, and is left alone for a while. */
  isResting = false

  constructor(partition: Partition, onAdvance: () => void) {
    this.partition = partition
    this.seenEnd = partition.logEndOffset
    this.next = partition.logStartOffset
    this.unsubscribe = partition.subscribe(onAdvance)
  }

  /** Below this everything is durable and no transaction is open. */
  get end(): number {
    return this.partition.lastStableOffset
  }

  /** Records that could be read now. */
  get unread(): number {
    return Math.max(0, this.end - this.next)
  }

  /**
   * Records that the tables do not have, those included that are not durable yet or in an open transaction. As long as the tables were not asked, what has been
   * appended since the start.
   */
  get waiting(): number {
    return Math.max(0, this.partition.logEndOffset - (this.position ?? this.seenEnd))
  }
}

export type FollowedOptions = {
  readonly log: Log
  readonly topics: readonly string[]
  readonly logger: Logger
  /** Called when there may be more to read. */
  readonly onAdvance: () => void
}

/** All partitions of the topics that events are read from: those that are there, and those that are made later. */
export class FollowedPartitions {
  readonly #options: FollowedOptions
  readonly #followed = new Map<string, Followed>()
  /** What the tables said at the last {@link place}. */
  #positions: ReadonlyMap<string, number> | undefined

  constructor(options: FollowedOptions) {
    this.#options = options
    this.refresh()
  }

  [Symbol.iterator](): IterableIterator<Followed> {
    return this.#followed.values()
  }

  /** Whether the tables were asked how far they are. */
  get isPlaced(): boolean {
    return this.#positions !== undefined
  }

  /** Records that could be read now. */
  get unread(): number {
    let unread = 0
    for (const followed of this) if (!followed.isResting) unread += followed.unread
    return unread
  }

  /** Records that the tables do not have. */
  get waiting(): number {
    let waiting = 0
    for (const followed of this) waiting += followed.waiting
    return waiting
  }

  /** Takes up partitions that are new, leaves those whose topic was deleted. A topic that was made again is another one. */
  refresh(): void {
    const { log, topics, onAdvance } = this.#options
    const there = new Map<string, Partition>()
    for (const name of topics) {
      for (const partition of log.topic(name)?.partitions ?? [])
        there.set(keyOf(partition.topicId, partition.index), partition)
    }
    for (const [key, followed] of this.#followed) {
      if (there.has(key)) continue
      followed.unsubscribe()
      this.#followed.delete(key)
    }
    for (const [key, partition] of there) {
      if (this.#followed.has(key)) continue
      const followed = new Followed(partition, onAdvance)
      this.#followed.set(key, followed)
      if (this.#positions !== undefined) this.#placeOne(followed, this.#positions.get(key))
    }
  }

  /** Reading goes on behind what the tables have. */
  place(positions: readonly LogPosition[]): void {
    this.#positions = new Map(positions.map(({ topicId, partition, offset }) => [keyOf(topicId, partition), offset]))
    for (const [key, followed] of this.#followed) this.#placeOne(followed, this.#positions.get(key))
  }

  /** It is not known any more how far the tables are. */
  unplace(): void {
    this.#positions = undefined
  }

  /** From where the tables are by what was written before. Of a batch that was read ahead this is not known earlier. */
  movesTo(positions: readonly LogPosition[]): LogMove[] {
    return positions.map(position => ({
      ...position,
      from: this.#followed.get(keyOf(position.topicId, position.partition))?.stored,
    }))
  }

  /** The tables have everything below these positions now. */
  written(positions: readonly LogPosition[]): void {
    for (const { topicId, partition, offset } of positions) {
      const followed = this.#followed.get(keyOf(topicId, partition))
      if (followed === undefined) continue
      followed.position = offset
      followed.stored = offset
    }
  }

  close(): void {
    for (const followed of this) followed.unsubscribe()
    this.#followed.clear()
  }

  /**
   * A position beyond the end: the end of the log was lost, and its offsets are given again. All that there is is read again then, for what the tables have
   * changes nothing (OL5).
   */
  #placeOne(followed: Followed, position: number | undefined): void {
    const { topic, index, logStartOffset, logEndOffset } = followed.partition
    const isBeyond = position !== undefined && position > logEndOffset
    if (isBeyond) {
      const fields = { topic, partition: index, position, end: logEndOffset }
      this.#options.logger.error(
        fields,
        'the log ends before what the tables have of it: it is read again from its start',
      )
    }
    followed.stored = position
    followed.position = isBeyond ? logStartOffset : (position ?? logStartOffset)
    followed.next = followed.position
  }
}

const keyOf = (topicId: string, partition: number): string => `${topicId}/${partition}`
