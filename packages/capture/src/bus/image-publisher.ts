/** Seals the images of screenshots for the store, and holds those that are published before its key is known, within limits (CB7). */
import type { Timer } from '@chronicle/base'
import { EventReader } from './event-reader.ts'
import { type BoxKey, packBox } from './image-box.ts'
import { keyMs } from './store-keys.ts'
import { decodeAnnouncement, type EventWithImage } from './topic-message.ts'
import type { TopicBusOptions } from './topic-options.ts'

/** A key that was told longer ago is not used: its store may have dropped it. */
const keyAgeMsMax = 2 * keyMs
/** After a key was read so long for a newer one: behind that of a store that has ended stands that of the one that took its place. */
const newerKeyMs = 200
/** How long an image waits for a key. */
const waitMsMax = 10_000

export type ImagePublisherOptions = TopicBusOptions & {
  send(value: Buffer): void
  lose(reason: 'no-store' | 'no-room'): void
}

type ToldKey = BoxKey & { readonly toldMs: number }

type Held = { readonly event: EventWithImage; readonly timer: Timer; readonly settled: PromiseWithResolvers<void> }

export class ImagePublisher {
  readonly #options: ImagePublisherOptions
  #reader: EventReader | undefined
  #key: ToldKey | undefined
  #newest: ToldKey | undefined
  #newerTimer: Timer | undefined
  readonly #waiting = new Set<Held>()
  /** Of those that wait. */
  #bytes = 0

  constructor(options: ImagePublisherOptions) {
    this.#options = options
  }

  get failure(): unknown {
    return this.#reader?.failure
  }

  publish(event: EventWithImage): void {
    this.#reader ??= this.#readKeys()
    const key = this.#usableKey()
    if (key) {
      this.#send(event, key)
      return
    }
    const { limits, clock, lose } = this.#options
    const hasRoom =
      this.#waiting.size < limits.waitingEventsMax && this.#bytes + bytesOf(event) <= limits.waitingBytesMax
    if (!hasRoom) {
      lose('no-room')
      return
    }
    this.#bytes += bytesOf(event)
    const held: Held = {
      event: { ...event, image: Buffer.from(event.image) },
      timer: clock.after(waitMsMax, () => this.#giveUp(held)),
      settled: Promise.withResolvers(),
    }
    this.#waiting.add(held)
  }

  /** None of those that wait now waits any more: each is on its way, or given up. */
  async settled(): Promise<void> {
    await Promise.all([...this.#waiting].map(({ settled }) => settled.promise))
  }

  async close(): Promise<void> {
    this.#newerTimer?.cancel()
    for (const held of this.#waiting) this.#giveUp(held)
    await this.#reader?.close()
  }

  /** Reads what is told from the beginning: that is little, and the newest holds. */
  #readKeys(): EventReader {
    const { keys } = this.#options.topics
    const take = async ({ event }: { event: unknown }): Promise<void> => {
      const told = decodeAnnouncement(event)
      if (!told) return
      this.#newest = told
      this.#newerTimer ??= this.#options.clock.after(newerKeyMs, () => this.#useNewest())
    }
    const sink = { receive: () => undefined, receiveFrom: take, positionOf: () => 0 }
    return new EventReader({ ...this.#options, topic: keys }, sink)
  }

  #useNewest(): void {
    this.#newerTimer = undefined
    this.#key = this.#newest
    this.#sendWaiting()
  }

  #sendWaiting(): void {
    const key = this.#usableKey()
    if (!key) return
    for (const held of this.#waiting) {
      this.#send(held.event, key)
      this.#letGo(held)
    }
  }

  #usableKey(): BoxKey | undefined {
    const key = this.#key
    return key && Math.abs(this.#options.clock.now() - key.toldMs) <= keyAgeMsMax ? key : undefined
  }

  #send({ json, screenshotId, image }: EventWithImage, key: BoxKey): void {
    const { send, lose, random } = this.#options
    let box: Buffer
    try {
      box = packBox(json, screenshotId, image, key, random)
    } catch {
      // What was told is no key that anything can be sealed for (RFC 7748, section 6.1).
      lose('no-store')
      return
    }
    send(box)
  }

  #giveUp(held: Held): void {
    if (!this.#waiting.has(held)) return
    this.#options.lose('no-store')
    this.#letGo(held)
  }

  /** The copy that was held is overwritten (CS2). */
  #letGo(held: Held): void {
    held.timer.cancel()
    this.#waiting.delete(held)
    this.#bytes -= bytesOf(held.event)
    held.event.image.fill(0)
    held.settled.resolve()
  }
}

function bytesOf({ json, image }: EventWithImage): number {
  return json.length + image.length
}
