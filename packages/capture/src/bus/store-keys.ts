/** The keys that publishers seal screenshots for: a fresh one every half minute, told to a topic, and held in memory for as long as a record may be on its way. */
import { Producer } from '@platformatic/kafka'
import { Loop } from '../loop.ts'
import { sayTrouble } from './broker-trouble.ts'
import { type BoxKeyPair, makeBoxKey } from './image-box.ts'
import { encodeAnnouncement } from './topic-message.ts'
import { clientOptions, type TopicBusOptions } from './topic-options.ts'
import { ensureTopic } from './topic-setup.ts'

/** How often a fresh key is told. */
export const keyMs = 30_000
/** How long a key is held (CS1). A screenshot that was on its way for longer is lost, as one that nobody analysed would be. */
const heldMsMax = 3 * keyMs

type HeldKey = BoxKeyPair & { readonly madeMs: number }

export class StoreKeys {
  readonly #options: TopicBusOptions
  readonly #producer: Producer<Buffer, Buffer, Buffer, Buffer>
  readonly #loop: Loop
  #keys: HeldKey[] = []

  constructor(options: TopicBusOptions) {
    this.#options = options
    this.#producer = new Producer({ ...clientOptions(options), acks: -1 })
    const onFailure = sayTrouble(options.logger, 'publishers could not be told the key of screenshots')
    this.#loop = new Loop({ clock: options.clock, step: () => this.#tell(), onFailure })
    this.#loop.wake()
  }

  get failure(): unknown {
    return this.#loop.failure
  }

  readonly find = (id: string): BoxKeyPair | undefined => this.#keys.find(key => key.id === id)

  async close(): Promise<void> {
    this.#keys = []
    await this.#loop.stop()
    await Promise.allSettled([this.#producer.close()])
  }

  async #tell(): Promise<number> {
    const { clock, random, topics } = this.#options
    // First, as this is tried again and again: with a broker that is away keys live no longer.
    this.#keys = this.#keys.filter(({ madeMs }) => clock.monotonic() - madeMs < heldMsMax)
    await ensureTopic(this.#options, topics.keys)
    const key = makeBoxKey(random.uuid())
    this.#keys.push({ ...key, madeMs: clock.monotonic() })
    await this.#producer.send({ messages: [{ topic: topics.keys, value: encodeAnnouncement(key, clock.now()) }] })
    return keyMs
  }
}
