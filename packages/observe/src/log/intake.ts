import type { Clock } from '@chronicle/base'
import type { Log } from '@chronicle/log'
import type { SwarmEvent } from '../contract.ts'
import { observeErrors } from '../errors.ts'
import { eventToJson } from '../event/index.ts'
import { appendRecords } from './append-records.ts'
import { eventsTopic, type OwnTopics } from './topics.ts'

export type IntakeOptions = {
  readonly log: Log
  readonly clock: Clock
  readonly topics: OwnTopics
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
  /** Events that were let in and are not appended yet. */
  #admitted = 0

  constructor(options: IntakeOptions) {
    this.#options = options
  }

  /**
   * Resolves once all events are durable in the log; only then may their source be answered (OL1). Rejects with 'observe.busy' or 'observe.too-many-events' and
   * nothing was taken; as the log does, and some of them may have been taken: the same events again change nothing. `before` is awaited once there is room for the events,
   * and before the first of them is taken: what it does is not done for events that are refused.
   */
  async take(events: readonly SwarmEvent[], before: () => Promise<void> = async () => undefined): Promise<void> {
    if (events.length === 0) return before()
    const records = events.map(event => ({ key: Buffer.from(event.traceId), value: Buffer.from(eventToJson(event)) }))
    this.#admit(events.length)
    // Counted from here on, and not only once the log counts them: whoever asks meanwhile has to wait.
    let left = events.length
    this.#admitted += left
    try {
      await before()
      await appendRecords(this.#options, eventsTopic, records, appended => {
        left -= appended.length
        this.#admitted -= appended.length
      })
    } finally {
      this.#admitted -= left
    }
  }

  /** OL8: no more events are taken in than the buffer holds, unless the oldest are to be dropped. */
  #admit(events: number): void {
    const { bufferEventsMax, overflow, waiting, onBusy } = this.#options
    if (overflow === 'drop-oldest') return
    if (events > bufferEventsMax) {
      throw observeErrors.create('observe.too-many-events', { events, accepted: bufferEventsMax })
    }
    const taken = waiting() + this.#admitted
    if (taken + events <= bufferEventsMax) return
    onBusy()
    throw observeErrors.create('observe.busy', { waiting: taken, bufferMaxSize: bufferEventsMax })
  }
}
