import type { Clock } from '@chronicle/base'
import { encodeRecords, type Log, type Partition } from '@chronicle/log'
import type { SwarmEvent } from '../contract.ts'
import { observeErrors } from '../errors.ts'
import { eventToJson } from '../event/index.ts'
import { batchesOf } from './batches-of.ts'
import { eventsTopic } from './topics.ts'

export type IntakeOptions = {
  readonly log: Log
  readonly clock: Clock
  /** Events of `swarm.events` that the tables do not have. */
  readonly waiting: () => number
  readonly bufferEventsMax: number
  readonly overflow: 'back-pressure' | 'drop-oldest'
  /** Called when events were refused for want of room. */
  readonly onBusy: () => void
}

/** Where HTTP, OTLP and NATS bring their events: into the topic `swarm.events`, one record an event, in the order in which they are given. */
export class EventIntake {
  readonly #options: IntakeOptions

  constructor(options: IntakeOptions) {
    this.#options = options
  }

  /**
   * Resolves once all events are durable in the log; only then may their source be answered (OL1). Rejects with 'observe.busy' or 'observe.too-many-events' and
   * nothing was taken; as the log does, and some of them may have been taken: the same events again change nothing.
   */
  async take(events: readonly SwarmEvent[]): Promise<void> {
    const { log, clock } = this.#options
    if (events.length === 0) return
    const records = events.map(event => ({ key: Buffer.from(event.traceId), value: Buffer.from(eventToJson(event)) }))
    while (!log.ready) await log.whenReady()
    // From here to the appends nothing is awaited: whoever is let in is counted before the next one asks.
    this.#admit(events.length)
    const partition = this.#partition()
    await Promise.all(
      batchesOf(records).map(async batch => partition.append(encodeRecords(batch, clock.now())).durable),
    )
  }

  /** OL8: no more events are taken in than the buffer holds, unless the oldest are to be dropped. */
  #admit(events: number): void {
    const { bufferEventsMax, overflow, waiting, onBusy } = this.#options
    if (overflow === 'drop-oldest') return
    if (events > bufferEventsMax) {
      throw observeErrors.create('observe.too-many-events', { events, accepted: bufferEventsMax })
    }
    if (waiting() + events <= bufferEventsMax) return
    onBusy()
    throw observeErrors.create('observe.busy', { waiting: waiting(), bufferMaxSize: bufferEventsMax })
  }

  #partition(): Partition {
    const partition = this.#options.log.partition(eventsTopic, 0)
    if (partition === undefined) throw observeErrors.create('observe.topic-missing', { topic: eventsTopic })
    return partition
  }
}
