/** The way of the events: receiver, store, windows, delivery. Everything that a crash left is taken up again when it opens. */
import { ChronicleError, messageOf } from '@chronicle/base'
import type { CheckResult } from '@chronicle/telemetry'
import type { EventSink } from './bus/index.ts'
import type { BusMessage } from './contract.ts'
import { makeParts, type PipelineOptions, type PipelineParts } from './pipeline-parts.ts'
import { countBy, type EventCounts } from './receiver/counters.ts'
import type { GroupCommit } from './receiver/group-commit.ts'
import { groupOf } from './receiver/pending-queue.ts'
import { spillBytesMax, spillEventsMax } from './receiver/receiver.ts'
import { stayAlive } from './stay-alive.ts'
import type { EventGroup } from './store/event-store.ts'
import type { SourcePosition } from './store/positions.ts'
import type { Delivery } from './windows/delivery.ts'
import { unansweredMax } from './windows/handover.ts'

export { type PipelineLimits, type PipelineOptions, pipelineLimits } from './pipeline-parts.ts'

/** What health says of the way of the events. */
export type PipelineHealth = {
  readonly store: CheckResult
  readonly spill: CheckResult
  readonly delivery: CheckResult
}

export class Pipeline implements EventSink {
  readonly counts: EventCounts
  readonly #parts: PipelineParts

  private constructor(parts: PipelineParts) {
    this.#parts = parts
    this.counts = parts.counts
  }

  /** `subscribe` is called before anything begins: what a source says of itself holds from the start. Rejects with `DatabaseError` and with the errors of the spill's log. */
  static async open(options: PipelineOptions, subscribe: (sink: EventSink) => void = () => {}): Promise<Pipeline> {
    const parts = await makeParts(options)
    try {
      parts.closer.closeOfOtherWidth()
    } catch (error) {
      await parts.spill.close()
      throw error
    }
    const pipeline = new Pipeline(parts)
    subscribe(pipeline)
    parts.commit.start()
    parts.building.wake()
    parts.delivering.wake()
    parts.retaining.wake()
    return pipeline
  }

  /** Takes an event from a publisher that does not wait. Never throws. */
  receive(message: BusMessage): void {
    this.#parts.receiver.receive(message)
  }

  /** Takes an event from a source that can be read again; resolves when the next one may come. */
  receiveFrom(message: BusMessage, next: SourcePosition): Promise<void> {
    return this.#parts.receiver.receiveFrom(message, next)
  }

  readUpTo(source: string, readUpToMs: number | undefined): void {
    this.#parts.receiver.readUpTo(source, readUpToMs)
  }

  /** Where a source goes on: everything before is stored, or waits on the disk. */
  positionOf(source: string, partition: number): number {
    const { spill, store } = this.#parts
    return Math.max(spill.positionOf(source, partition) ?? 0, store.positions.of(source, partition) ?? 0)
  }

  /** Resolves once everything that was received is stored, but for screenshots that are still being looked at. */
  flushed(): Promise<void> {
    return stayAlive(this.#parts.commit.flushed())
  }

  /** How much waits, and where. */
  waiting(): { queueEvents: number; queueBytes: number; spillEvents: number; spillBytes: number; unanswered: number } {
    const { queue, spill, delivery } = this.#parts
    return {
      queueEvents: queue.length,
      queueBytes: queue.bytes,
      spillEvents: spill.events,
      spillBytes: spill.bytes,
      unanswered: delivery.unanswered,
    }
  }

  /** Windows whose batches have not all been taken, by how far they are. Throws `DatabaseError`. */
  windows(): { open: number; closed: number; built: number } {
    return this.#parts.store.windows.counts()
  }

  health(): PipelineHealth {
    const { commit, building, delivering, retaining, spill, delivery, counts } = this.#parts
    const storeFailure = commit.failure ?? building.failure ?? retaining.failure
    const lost = counts.lost.get('no-room') ?? 0
    return {
      store: storeFailure ? failed(storeFailure) : passed('events are stored as they come'),
      spill: spill.hindrance
        ? failed(spill.hindrance)
        : lost > 0
          ? warned(`${lost} events found no room`)
          : passed('there is room'),
      delivery: delivering.failure ? failed(delivering.failure) : deliveryHealth(delivery),
    }
  }

  /** Stores what was received, or leaves it in the spill where that does not succeed within `withinMs`. The database stays open. */
  stop(withinMs: number): Promise<void> {
    return stayAlive(this.#stop(withinMs))
  }

  async #stop(withinMs: number): Promise<void> {
    const { receiver, commit, building, delivering, retaining, delivery, spill, options, timers } = this.#parts
    for (const timer of timers) timer.cancel()
    const late = Promise.withResolvers<void>()
    const timer = options.clock.after(withinMs, late.resolve)
    await Promise.race([receiver.stop(), late.promise])
    await Promise.race([commit.flushed(), late.promise])
    timer.cancel()
    await this.#keep(await commit.stop())
    delivery.stop()
    await Promise.all([building.stop(), delivering.stop(), retaining.stop()])
    await spill.close()
  }

  /** What could not be stored waits on the disk for the next start, in entries of the usual size: a log refuses one that is too large. */
  async #keep(inHand: Awaited<ReturnType<GroupCommit['stop']>>): Promise<void> {
    const { queue } = this.#parts
    if (inHand) await this.#keepGroup(inHand)
    while (queue.length > 0) {
      const items = queue.peek(spillEventsMax, spillBytesMax)
      await this.#keepGroup(groupOf(items))
      queue.drop(items.length)
    }
  }

  async #keepGroup(group: EventGroup): Promise<void> {
    const { spill, counts, options } = this.#parts
    if (group.events.length === 0) return
    try {
      await spill.flushed()
      spill.append(group)
    } catch (error) {
      countBy(counts.lost, 'no-room', group.events.length)
      options.logger.error(
        { events: group.events.length, error },
        'events were lost at the stop: neither database nor spill took them',
      )
    }
  }
}

function deliveryHealth(delivery: Delivery): CheckResult {
  if (delivery.unanswered >= unansweredMax)
    return warned(
      `${unansweredMax} batches are out without an answer: the program that takes them has to answer or refuse`,
    )
  try {
    const { windows, last } = delivery.refused ?? { windows: 0 }
    if (windows === 0) return passed('batches are sent as they are made')
    const because = last ? `. ${messageOf(last)}. ${last.remedy}` : ''
    return warned(`windows whose batches were sent in vain, and are sent again: ${windows}${because}`)
  } catch (error) {
    return failed(error)
  }
}

function passed(reason: string): CheckResult {
  return { status: 'pass', reason }
}

function warned(reason: string): CheckResult {
  return { status: 'warn', reason }
}

function failed(error: unknown): CheckResult {
  const remedy = error instanceof ChronicleError ? ` ${error.remedy}` : ''
  return { status: 'fail', reason: `${messageOf(error)}.${remedy}` }
}
