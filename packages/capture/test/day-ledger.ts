/** What was published and accepted, in columns: a few bytes for each of millions of events. */
import { crc32 } from 'node:zlib'
import { type DayEvent, idOf, sessionIds } from './day-deliveries.ts'

/** What has become of an event. */
export const fates = { none: 0, accepted: 1, inBatch: 2, diedWaiting: 3 } as const

/** An event as the model of windows looks at it. */
export type Entry = {
  readonly number: number
  readonly timestamp: number
  readonly type: string
  readonly x: number
  readonly y: number
}

export class Ledger {
  readonly types: string[] = []
  readonly fate: Uint8Array
  readonly #timestamps: Float64Array
  readonly #sessions: Uint8Array
  readonly #types: Uint8Array
  readonly #x: Int16Array
  readonly #y: Int16Array
  /** Of the data as JSON. */
  readonly #sums: Uint32Array

  constructor(eventsMax: number) {
    this.fate = new Uint8Array(eventsMax)
    this.#timestamps = new Float64Array(eventsMax)
    this.#sessions = new Uint8Array(eventsMax)
    this.#types = new Uint8Array(eventsMax)
    this.#x = new Int16Array(eventsMax)
    this.#y = new Int16Array(eventsMax)
    this.#sums = new Uint32Array(eventsMax)
  }

  add({ number, timestamp, session, type, data }: DayEvent): void {
    if (!this.types.includes(type)) this.types.push(type)
    this.fate[number] = fates.accepted
    this.#timestamps[number] = timestamp
    this.#sessions[number] = session
    this.#types[number] = this.types.indexOf(type)
    this.#x[number] = (data.x as number | undefined) ?? 0
    this.#y[number] = (data.y as number | undefined) ?? 0
    this.#sums[number] = sumOf(data)
  }

  entry(number: number): Entry {
    return {
      number,
      timestamp: this.#timestamps[number]!,
      type: this.types[this.#types[number]!]!,
      x: this.#x[number]!,
      y: this.#y[number]!,
    }
  }

  timestampOf(number: number): number {
    return this.#timestamps[number]!
  }

  /** What is wrong with an event as it came in a batch, but for its data where that is a screenshot; undefined where nothing is. */
  difference(
    number: number,
    found: { readonly id: string; readonly timestamp: string; readonly event_type: string; readonly data: object },
    sessionId: string,
  ): string | undefined {
    if (found.id !== idOf(number) || !this.fate[number]) return 'it was never accepted'
    if (this.fate[number] === fates.diedWaiting) return 'it was not stored when the process died'
    if (sessionIds[this.#sessions[number]!] !== sessionId) return 'it is in the batch of another session'
    if (Date.parse(found.timestamp) !== this.#timestamps[number]) return 'it has another time'
    const type = this.types[this.#types[number]!]
    if (found.event_type !== type) return 'it has another type'
    if (type !== 'screenshot' && sumOf(found.data) !== this.#sums[number]) return 'it has other data'
    return undefined
  }
}

function sumOf(data: object): number {
  return crc32(JSON.stringify(data))
}
