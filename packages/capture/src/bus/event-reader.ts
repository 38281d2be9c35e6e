/**
 * Reads raw events from every partition of their topic, from where the store has them. The position of each goes to the store with the event and is committed in the transaction
 * that stores it, so each event of the topic is stored once (CB6).
 */
import { Admin, Consumer, ListOffsetTimestamps, type MessagesStream, MessagesStreamModes } from '@platformatic/kafka'
import { Loop } from '../loop.ts'
import { sayTrouble } from './broker-trouble.ts'
import { CatchUp } from './catch-up.ts'
import type { EventSink, Subscription } from './contract.ts'
import type { BoxKeyPair } from './image-box.ts'
import { decodeEvent } from './topic-message.ts'
import { clientOptions, ownGroup, type TopicBusOptions } from './topic-options.ts'
import { ensureTopic } from './topic-setup.ts'

type Stream = MessagesStream<Buffer, Buffer, Buffer, Buffer>

export type EventReaderOptions = TopicBusOptions & {
  readonly topic: string
  /** Topics that are to be there as soon as this one is read. */
  readonly madeWithIt?: readonly string[]
  /** Of the store: what opens the images of screenshots. */
  readonly keyOf?: (id: string) => BoxKeyPair | undefined
}

/** Fetched and not yet taken by the store: requests. */
const fetchesMax = 4

export class EventReader implements Subscription {
  readonly #options: EventReaderOptions
  readonly #sink: EventSink
  readonly #loop: Loop
  /** Where each partition goes on within this process: the store may not have written yet what it was given. */
  readonly #next = new Map<string, number>()
  #stream: Stream | undefined
  #isClosed = false
  readonly #closed = Promise.withResolvers<void>()
  /** What came before is read; undefined: all is. */
  #readUpToMs: number | undefined = Number.NEGATIVE_INFINITY
  /** Records that retention removed before they were read. */
  expired = 0

  constructor(options: EventReaderOptions, sink: EventSink) {
    this.#options = options
    this.#sink = sink
    const onFailure = sayTrouble(options.logger, 'raw events could not be read')
    this.#loop = new Loop({ clock: options.clock, step: () => this.#read(), onFailure })
    this.#tell(this.#readUpToMs)
    this.#loop.wake()
  }

  get failure(): unknown {
    return this.#loop.failure
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#closed.resolve()
    // The loop lets go of it at the same time, which the stream takes for an error.
    await this.#stream?.close().catch(() => undefined)
    await this.#loop.stop()
  }

  /** Reads until it is closed, or fails. */
  async #read(): Promise<boolean> {
    const admin = new Admin(clientOptions(this.#options))
    const consumer = new Consumer({ ...clientOptions(this.#options), groupId: ownGroup(this.#options) })
    let catchUp: CatchUp | undefined
    try {
      const { source, offsets } = await this.#start(admin, consumer)
      if (this.#isClosed) return false
      catchUp = this.#catchUp(admin, offsets)
      await catchUp.begin()
      const topics = [this.#options.topic]
      const options = { topics, mode: MessagesStreamModes.MANUAL, offsets, autocommit: false, maxFetches: fetchesMax }
      this.#stream = await consumer.consume(options)
      this.#loop.works()
      // It may have been closed while the stream was being made.
      if (this.#isClosed) await this.#stream.close()
      for await (const { partition, offset, timestamp, value } of this.#stream) {
        const position = Number(offset) + 1
        const { event, image } = decodeEvent(value, this.#options.keyOf)
        const arrivedMs = timestamp >= 0n ? Number(timestamp) : Math.floor(this.#options.clock.now())
        catchUp.reading()
        // Who takes the screenshot has a copy by then (CS2).
        const received = this.#sink
          .receiveFrom({ event, arrivedMs }, { source, partition, position })
          .finally(() => image?.fill(0))
        // Who closes does not wait for a store that has no room.
        await Promise.race([received, this.#closed.promise])
        if (this.#isClosed) break
        this.#next.set(`${source}/${partition}`, position)
        const looking = catchUp.read(partition, position, arrivedMs)
        if (looking) await looking
      }
      return !this.#isClosed
    } finally {
      this.#stream = undefined
      catchUp?.stop()
      // What comes from here on is read when it begins again.
      if (!this.#isClosed) this.#tell(this.#readUpToMs ?? this.#options.clock.now())
      await Promise.allSettled([consumer.close(true), admin.close()])
    }
  }

  /** A topic that was deleted and made again has another id, and is read from its beginning. */
  async #start(admin: Admin, consumer: Consumer) {
    const { topic, madeWithIt = [] } = this.#options
    for (const made of [topic, ...madeWithIt]) await ensureTopic(this.#options, made)
    const metadata = await consumer.metadata({ topics: [topic], autocreateTopics: false, forceUpdate: true })
    const found = metadata.topics.get(topic)!
    const source = `topic/${found.id}/${topic}`
    const partitions = found.partitions.map((_, partition) => partition)
    const begins = await this.#list(admin, partitions, ListOffsetTimestamps.EARLIEST)
    const offsets = [...begins].map(([partition, earliest]) => {
      const stored = Math.max(this.#sink.positionOf(source, partition), this.#next.get(`${source}/${partition}`) ?? 0)
      // Who has read nothing yet misses nothing: the topic begins where it begins.
      if (stored > 0 && stored < earliest) this.#passOver(partition, stored, earliest)
      return { topic, partition, offset: BigInt(Math.max(stored, earliest)) }
    })
    return { source, offsets }
  }

  #catchUp(admin: Admin, offsets: readonly { readonly partition: number; readonly offset: bigint }[]): CatchUp {
    const { clock } = this.#options
    const next = new Map(offsets.map(({ partition, offset }) => [partition, Number(offset)]))
    const ends = () => this.#list(admin, [...next.keys()], ListOffsetTimestamps.LATEST)
    return new CatchUp({ clock, ends, tell: readUpToMs => this.#tell(readUpToMs) }, next)
  }

  async #list(admin: Admin, partitions: readonly number[], timestamp: bigint): Promise<Map<number, number>> {
    const asked = partitions.map(partitionIndex => ({ partitionIndex, timestamp }))
    const [listed] = await admin.listOffsets({ topics: [{ name: this.#options.topic, partitions: asked }] })
    return new Map((listed?.partitions ?? []).map(({ partitionIndex, offset }) => [partitionIndex, Number(offset)]))
  }

  #tell(readUpToMs: number | undefined): void {
    this.#readUpToMs = readUpToMs
    this.#sink.readUpTo?.(this.#options.topic, readUpToMs)
  }

  #passOver(partition: number, from: number, to: number): void {
    this.expired += to - from
    const facts = { topic: this.#options.topic, partition, from, to }
    this.#options.logger.error(
      facts,
      'raw events were removed from their topic before they were stored: raise its retention',
    )
  }
}
