import { assert, type Clock, messageOf, type Random } from '@chronicle/base'
import { logErrors } from '@chronicle/log'
import type { Logger } from '@chronicle/telemetry'
import type { Alerts } from '../alerts.ts'
import { Backoff } from '../backoff.ts'
import type { DeadLetter, LogPosition, SwarmEvent } from '../contract.ts'
import type { Followed, FollowedPartitions } from './followed.ts'
import { type BatchLimits, type PartitionBatch, readBatch } from './read-batch.ts'

/** After a partition could not be read it is left alone for at most … */
const restFirstMs = 1_000
const restMsMax = 60_000

/** Events of several partitions, to be written in one transaction with the positions behind them. */
export type EventBatch = {
  readonly events: readonly SwarmEvent[]
  readonly refused: readonly DeadLetter[]
  readonly positions: readonly LogPosition[]
}

export type EventReaderOptions = {
  readonly followed: FollowedPartitions
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly alerts: Alerts
  /** Told of records that retention removed before they were read. */
  readonly onExpired: (topic: string, records: number) => void
  /** Called when a partition may be read again after a failure. */
  readonly onRested: () => void
}

/** Reads the next events of all followed partitions, each with its share of a batch, whoever was last being first. */
export class EventReader {
  readonly #options: EventReaderOptions
  readonly #failures = new Map<Followed, Backoff>()
  #turn = 0
  #ahead: Promise<EventBatch> | undefined

  constructor(options: EventReaderOptions) {
    this.#options = options
  }

  /** Whether there is a batch that was read, or is being read, and that nobody has taken yet. */
  get isAhead(): boolean {
    return this.#ahead !== undefined
  }

  /** Never rejects: a partition that cannot be read is left alone for a while, the others go on. */
  next(limits: BatchLimits): Promise<EventBatch> {
    const ahead = this.#ahead
    this.#ahead = undefined
    return ahead ?? this.#readBatch(limits)
  }

  /** Begins to read what {@link next} gives then: the log can be read while the tables are written. */
  readAhead(limits: BatchLimits): void {
    this.#ahead ??= this.#readBatch(limits)
  }

  /** Lets go of what was read ahead, and reads no further once this resolves: to be called before partitions are set to where they are to be read from. */
  async forget(): Promise<void> {
    await this.#ahead
    this.#ahead = undefined
  }

  async #readBatch(limits: BatchLimits): Promise<EventBatch> {
    const parts: PartitionBatch[] = []
    let { eventsMax, bytesMax } = limits
    const ready = this.#ready()
    for (const [at, followed] of ready.entries()) {
      if (eventsMax < 1 || bytesMax < 1) break
      const share = ready.length - at
      const part = await this.#read(followed, {
        eventsMax: Math.ceil(eventsMax / share),
        bytesMax: Math.ceil(bytesMax / share),
      })
      if (part === undefined) continue
      parts.push(part)
      eventsMax -= part.events.length + part.refused.length
      bytesMax -= part.bytes
    }
    return {
      events: parts.flatMap(({ events }) => events),
      refused: parts.flatMap(({ refused }) => refused),
      positions: this.#moved(),
    }
  }

  /** Partitions that have something, beginning with another one each time. */
  #ready(): Followed[] {
    for (const followed of this.#options.followed) this.#passOverExpired(followed)
    const ready = [...this.#options.followed].filter(({ unread, isResting }) => unread > 0 && !isResting)
    const first = ready.length === 0 ? 0 : this.#turn++ % ready.length
    return [...ready.slice(first), ...ready.slice(0, first)]
  }

  /** Positions of all that was read, or passed over, and is not in the tables. */
  #moved(): LogPosition[] {
    return [...this.#options.followed]
      .filter(({ position, next }) => position !== next)
      .map(({ partition: { topicId, index }, next }) => ({ topicId, partition: index, offset: next }))
  }

  async #read(followed: Followed, limits: BatchLimits): Promise<PartitionBatch | undefined> {
    const { partition, next: offset, end } = followed
    try {
      const part = await readBatch({ partition, offset, end }, limits, this.#options.clock.now() * 1000)
      assert(part.position.offset > offset, 'a partition with unread records gives some of them')
      followed.next = part.position.offset
      this.#recovered(followed)
      return part
    } catch (error) {
      this.#failed(followed, error)
      return undefined
    }
  }

  /** OL5: what retention removed before it was read is passed over, said and counted. */
  #passOverExpired(followed: Followed): void {
    const { topic, index, logStartOffset } = followed.partition
    const records = logStartOffset - followed.next
    if (records <= 0) return
    const { logger, alerts, onExpired } = this.#options
    logger.warn({ topic, partition: index, records }, 'retention removed records before the tables had them')
    alerts.raise('records_expired', `${records} records of ${topic}/${index}`)
    onExpired(topic, records)
    followed.next = logStartOffset
  }

  #failed(followed: Followed, error: unknown): void {
    const { followed: all, clock, random, logger, alerts, onRested } = this.#options
    const { topic, index } = followed.partition
    if (logErrors.is(error) && error.code === 'log.unknown-topic') {
      all.refresh()
      return
    }
    const backoff = this.#failures.get(followed) ?? new Backoff(random, { firstMs: restFirstMs, waitMsMax: restMsMax })
    this.#failures.set(followed, backoff)
    const restMs = backoff.failed()
    const reason = messageOf(error)
    logger.error(
      { topic, partition: index, offset: followed.next, reason, restMs },
      'a partition of the log cannot be read',
    )
    alerts.raise('read_failure', `${topic}/${index} at offset ${followed.next}: ${reason}`)
    followed.isResting = true
    clock.after(restMs, () => {
      followed.isResting = false
      onRested()
    })
  }

  #recovered(followed: Followed): void {
    if (!this.#failures.delete(followed) || this.#failures.size > 0) return
    this.#options.alerts.clear('read_failure')
  }
}
