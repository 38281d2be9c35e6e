/**
 * One client that follows the events, as Server-Sent Events (WHATWG HTML, 9.2):
 *
 *     id: 0badcafe-4711          epoch and number, to go on from
 *     data: {"event_id":"…",…}
 *
 *     id: 0badcafe-9000          events that this client was too slow for, or that came while it was away;
 *     event: gap                 null where nobody knows how many
 *     data: {"missed":4288}
 *
 * What waits for a slow client is bounded: it stays behind in the events that are kept, and is told of a gap when those have gone (S26).
 */
import type { ServerResponse } from 'node:http'
import type { TailEvent, TailEvents } from './tail-events.ts'

/** Bytes that are handed to the connection at once; the event that passes them goes with them. No more are, until those have left. */
const writtenAtOnceBytes = 256 * 1024

/** Events that are looked at before others get their turn. */
const lookedAtOnce = 500

export type Filter = (event: TailEvent) => boolean

export type FollowerOptions = {
  readonly events: TailEvents
  readonly response: ServerResponse
  readonly filter: Filter
  /** The id that the client saw last. */
  readonly lastId: string | undefined
}

export class Follower {
  readonly #options: FollowerOptions
  readonly #unfollow: () => void
  /** Number of the next event that is looked at. */
  #next: number
  #epoch: string
  #isWaiting = false
  #isScheduled = false
  #isEnded = false

  /** Begins at once, behind the event that `lastId` names or else with what comes from now on. */
  constructor(options: FollowerOptions) {
    const { events, response, lastId } = options
    this.#options = options
    this.#unfollow = events.follow(() => this.#goOnSoon())
    this.#epoch = events.epoch
    const number = lastId === undefined ? events.end : numberOf(lastId, events)
    this.#next = number ?? events.end
    response.on('drain', () => this.#drained()).on('close', () => this.#ended())
    if (number === undefined) this.#writeGap(null)
    // Also who has seen no event yet comes back with an id, and is told what it missed.
    else this.#write(`${this.#idLine}\n`)
    this.#goOn()
  }

  /** Says that the connection lives, and where it is: after a break it goes on from there. */
  beat(): void {
    if (!this.#isWaiting && !this.#isEnded) this.#write(`: alive\n${this.#idLine}\n`)
  }

  /** Ends the answer in good order. */
  end(): void {
    this.#ended()
    this.#options.response.end()
  }

  /** Of the last event that was looked at. */
  get #idLine(): string {
    return `id: ${this.#epoch}-${this.#next - 1}\n`
  }

  #ended(): void {
    this.#isEnded = true
    this.#unfollow()
  }

  #drained(): void {
    this.#isWaiting = false
    this.#goOn()
  }

  /** Not at once: whoever writes the events goes on first. */
  #goOnSoon(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    setImmediate(() => this.#goOn())
  }

  #goOn(): void {
    const { events, filter } = this.#options
    this.#isScheduled = false
    if (this.#isWaiting || this.#isEnded) return
    this.#tellGap()
    let text = ''
    const last = Math.min(events.end, this.#next + lookedAtOnce)
    while (this.#next < last && text.length < writtenAtOnceBytes) {
      const event = events.at(this.#next)!
      if (filter(event)) text += `id: ${this.#epoch}-${this.#next}\ndata: ${event.text}\n\n`
      this.#next++
    }
    if (text !== '') this.#write(text)
    if (this.#next < events.end && !this.#isWaiting) this.#goOnSoon()
  }

  #tellGap(): void {
    const missed = this.#options.events.first - this.#next
    if (missed <= 0) return
    this.#next += missed
    this.#writeGap(missed)
  }

  #writeGap(missed: number | null): void {
    this.#write(`${this.#idLine}event: gap\ndata: ${JSON.stringify({ missed })}\n\n`)
  }

  #write(text: string): void {
    const { response } = this.#options
    response.write(text)
    // Only then is a 'drain' to come.
    this.#isWaiting = response.writableNeedDrain && response.writableLength > 0
  }
}

/** The number behind the one in `id`; undefined where it is of another epoch, or none. */
function numberOf(id: string, { epoch, end }: TailEvents): number | undefined {
  const [, idEpoch, number] = /^([\da-f]{8})-(-1|\d{1,15})$/.exec(id) ?? []
  if (idEpoch !== epoch || Number(number) >= end) return undefined
  return Number(number) + 1
}
