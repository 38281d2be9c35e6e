/** The bus of several processes: two topics of a broker that speaks Kafka's protocol. */
import type { CheckResult } from '@chronicle/telemetry'
import { CompressionAlgorithms, Producer } from '@platformatic/kafka'
import type { EventBatch } from '../contract.ts'
import { captureErrors } from '../errors.ts'
import { stayAlive } from '../stay-alive.ts'
import { BatchReader } from './batch-reader.ts'
import { brokerReason } from './broker-trouble.ts'
import type { BatchTaker, Bus, EventSink, Subscription } from './contract.ts'
import { EventPublisher } from './event-publisher.ts'
import { EventReader } from './event-reader.ts'
import { StoreKeys } from './store-keys.ts'
import { encodeBatch } from './topic-message.ts'
import { clientOptions, type TopicBusOptions } from './topic-options.ts'
import { ensureTopic } from './topic-setup.ts'

export class TopicBus implements Bus {
  readonly #options: TopicBusOptions
  readonly #publisher: EventPublisher
  readonly #readers = new Set<EventReader | BatchReader | StoreKeys>()
  #made: Promise<void> | undefined
  #batches: Producer<Buffer, Buffer, Buffer, Buffer> | undefined

  constructor(options: TopicBusOptions) {
    this.#options = options
    this.#publisher = new EventPublisher(options)
  }

  publish(event: unknown): void {
    this.#publisher.publish(event)
  }

  subscribeEvents(sink: EventSink): Subscription {
    const keys = this.#keep(new StoreKeys(this.#options))
    const { topics } = this.#options
    // An analysis finds its topic from the start: one that its own client made would have no room for large batches.
    const reading = { topic: topics.events, madeWithIt: [topics.batches], keyOf: keys.find }
    const reader = this.#keep(new EventReader({ ...this.#options, ...reading }, sink))
    return {
      async close() {
        await Promise.all([reader.close(), keys.close()])
      },
    }
  }

  /** Resolves once the broker has it on its disk. Rejects with 'capture.batch-not-sent'. */
  async publishBatch(batch: EventBatch): Promise<void> {
    try {
      await this.#sendBatch(batch)
    } catch (error) {
      throw captureErrors.create(
        'capture.batch-not-sent',
        { batch: batch.batch_id, reason: brokerReason(error) },
        error,
      )
    }
  }

  async #sendBatch(batch: EventBatch): Promise<void> {
    this.#made ??= ensureTopic(this.#options, this.#options.topics.batches)
    await this.#made.catch(error => {
      this.#made = undefined
      throw error
    })
    this.#batches ??= new Producer({
      ...clientOptions(this.#options),
      acks: -1,
      compression: CompressionAlgorithms.ZSTD,
    })
    const key = Buffer.from(batch.session_id)
    await this.#batches.send({ messages: [{ topic: this.#options.topics.batches, key, value: encodeBatch(batch) }] })
  }

  subscribeBatches(take: BatchTaker): Subscription {
    return this.#keep(new BatchReader(this.#options, take))
  }

  lost(): Readonly<Record<string, number>> {
    const expired = [...this.#readers].reduce(
      (sum, reader) => sum + (reader instanceof EventReader ? reader.expired : 0),
      0,
    )
    return { ...this.#publisher.lost, expired }
  }

  health(): CheckResult {
    const failure = [this.#publisher, ...this.#readers].map(part => part.failure).find(found => found !== undefined)
    const { bootstrap } = this.#options
    if (failure !== undefined)
      return {
        status: 'warn',
        reason: `the broker at ${bootstrap} does not answer as it should: ${brokerReason(failure)}`,
      }
    return { status: 'pass', reason: `${this.#publisher.waiting} published events wait for the broker at ${bootstrap}` }
  }

  stop(withinMs: number): Promise<void> {
    return stayAlive(this.#stop(withinMs))
  }

  async #stop(withinMs: number): Promise<void> {
    await Promise.all([...this.#readers].map(reader => reader.close()))
    await this.#publisher.stop(withinMs)
    await Promise.allSettled([this.#batches?.close()])
  }

  #keep<Reader extends EventReader | BatchReader | StoreKeys>(reader: Reader): Reader {
    this.#readers.add(reader)
    return reader
  }
}
