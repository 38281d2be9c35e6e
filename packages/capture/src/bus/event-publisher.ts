/** Sends published events to their topic, in their order, one request at a time. While the broker is away they wait in memory, within limits; what has no room is counted (CB7). */
import { BoundedQueue } from '@chronicle/base'
import { Producer } from '@platformatic/kafka'
import { Loop } from '../loop.ts'
import { sayTrouble } from './broker-trouble.ts'
import { ImagePublisher } from './image-publisher.ts'
import { encodeEvent, type Unencodable } from './topic-message.ts'
import { clientOptions, type TopicBusOptions } from './topic-options.ts'
import { ensureTopic, isTooLarge } from './topic-setup.ts'

/** In one request. */
const requestEventsMax = 1000
const requestBytesMax = 512 * 1024

export type PublishLoss = Unencodable | 'no-room' | 'no-store' | 'stopped'

export class EventPublisher {
  readonly #options: TopicBusOptions
  readonly #producer: Producer<Buffer, Buffer, Buffer, Buffer>
  readonly #queue: BoundedQueue<Buffer>
  readonly #loop: Loop
  readonly #lost: Record<PublishLoss, number> = {
    'no-store': 0,
    'not-json': 0,
    'too-large': 0,
    'no-room': 0,
    stopped: 0,
  }
  readonly #images: ImagePublisher
  /** Taken from the queue, and not acknowledged. */
  #inHand: Buffer[] = []
  #bytes = 0
  #isMade = false
  #idle = Promise.withResolvers<void>()

  constructor(options: TopicBusOptions) {
    this.#options = options
    this.#producer = new Producer({ ...clientOptions(options), acks: -1 })
    this.#images = new ImagePublisher({
      ...options,
      send: value => this.#push(value),
      lose: reason => void this.#lost[reason]++,
    })
    this.#queue = new BoundedQueue(options.limits.waitingEventsMax)
    const onFailure = sayTrouble(options.logger, 'events could not be published')
    this.#loop = new Loop({ clock: options.clock, step: () => this.#send(), onFailure })
  }

  /** Why nothing can be sent for the moment. */
  get failure(): unknown {
    return this.#loop.failure ?? this.#images.failure
  }

  get waiting(): number {
    return this.#queue.length + this.#inHand.length
  }

  get lost(): Readonly<Record<PublishLoss, number>> {
    return this.#lost
  }

  /** Never throws. */
  publish(event: unknown): void {
    const encoded = encodeEvent(event)
    if (typeof encoded === 'string') this.#lost[encoded]++
    else if (Buffer.isBuffer(encoded)) this.#push(encoded)
    else this.#images.publish(encoded)
  }

  #push(value: Buffer): void {
    const { waitingEventsMax, waitingBytesMax } = this.#options.limits
    const hasRoom = this.waiting < waitingEventsMax && this.#bytes + value.length <= waitingBytesMax
    if (!hasRoom || !this.#queue.push(value)) {
      this.#lost['no-room']++
      return
    }
    this.#bytes += value.length
    this.#loop.wake()
  }

  /** What is not sent by then is lost, and counted. */
  async stop(withinMs: number): Promise<void> {
    const late = Promise.withResolvers<void>()
    const timer = this.#options.clock.after(withinMs, late.resolve)
    await Promise.race([this.#sent(), late.promise])
    timer.cancel()
    await Promise.allSettled([this.#producer.close(), this.#images.close()])
    await this.#loop.stop()
    this.#lost.stopped += this.waiting
  }

  /** Screenshots come to the queue when the store has told its key. */
  async #sent(): Promise<void> {
    await this.#images.settled()
    if (this.waiting > 0) await this.#idle.promise
  }

  async #send(): Promise<boolean> {
    if (this.#inHand.length === 0) this.#take()
    if (this.#inHand.length > 0) {
      this.#isMade ||= await ensureTopic(this.#options, this.#options.topics.events).then(() => true)
      await this.#sendInHand()
    }
    if (this.waiting > 0) return true
    this.#idle.resolve()
    this.#idle = Promise.withResolvers()
    return false
  }

  /** What the broker will never take is given up, so that it does not hold up what is behind it. */
  async #sendInHand(): Promise<void> {
    try {
      await this.#sendValues(this.#inHand)
    } catch (error) {
      if (!isTooLarge(error)) throw error
      const [first] = this.#inHand
      await this.#sendValues([first!]).catch(failure => {
        if (!isTooLarge(failure)) throw failure
        this.#lost['too-large']++
        this.#done([first!])
      })
    }
  }

  async #sendValues(values: readonly Buffer[]): Promise<void> {
    const topic = this.#options.topics.events
    await this.#producer.send({ messages: values.map(value => ({ topic, value })) })
    this.#done(values)
  }

  #done(values: readonly Buffer[]): void {
    for (const { length } of values) this.#bytes -= length
    this.#inHand = this.#inHand.slice(values.length)
  }

  #take(): void {
    for (let bytes = 0; this.#inHand.length < requestEventsMax && bytes < requestBytesMax; ) {
      const value = this.#queue.shift()
      if (!value) return
      bytes += value.length
      this.#inHand.push(value)
    }
  }
}
