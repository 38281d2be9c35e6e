import type { Clock } from '@chronicle/base'
import type { Log, Partition } from '@chronicle/log'
import { Counter, type Registry } from '@chronicle/telemetry'
import type { DeadLetter, DeadLetterSink } from '../contract.ts'
import { observeErrors } from '../errors.ts'
import { appendRecords } from '../log/append-records.ts'
import { deadLettersTopic, type OwnTopics } from '../log/topics.ts'
import { encodeLetter, type StoredLetter } from './letter.ts'
import { newestIds, readLetters } from './read-letters.ts'
import { RecentIds } from './recent-ids.ts'

/** A repetition is known among so many of the newest letters: more than one batch of the projector can hold, which is what a crash repeats. */
const knownIdsMax = 20_000

/** The largest page of a list. */
export const letterPageMax = 100

export type LetterPage = {
  /** Newest first, without what came. */
  readonly letters: readonly Omit<StoredLetter, 'raw'>[]
  /** Give it as `before` for the next page; absent on the last one. */
  readonly before: number | undefined
}

export type DeadLettersOptions = {
  readonly log: Log
  readonly clock: Clock
  readonly topics: OwnTopics
  readonly registry: Registry
}

/** What could not be taken, in the topic `swarm.dead-letters`: added, listed, read. */
export class DeadLetters implements DeadLetterSink {
  readonly #log: Log
  readonly #clock: Clock
  readonly #topics: OwnTopics
  readonly #count: Counter
  #known: Promise<RecentIds> | undefined
  /** By id, what is being appended. */
  readonly #adding = new Map<string, Promise<void>>()

  constructor({ log, clock, topics, registry }: DeadLettersOptions) {
    this.#log = log
    this.#clock = clock
    this.#topics = topics
    this.#count = new Counter({
      name: 'chronicle_observe_dead_letters_total',
      help: 'Events that could not be taken and went to the dead letters, by reason',
      labelNames: ['reason'],
      registers: [registry],
    })
  }

  /** Resolves once all of them are durable; one that is known among the newest is not added again (OL6). Rejects as an append to the log does. */
  async add(letters: readonly DeadLetter[]): Promise<void> {
    if (letters.length === 0) return
    const known = await this.#knownIds()
    const unknown = new Map(letters.filter(({ id }) => !known.has(id)).map(letter => [letter.id, letter]))
    const underWay = new Set([...unknown.keys()].flatMap(id => this.#adding.get(id) ?? []))
    const fresh = [...unknown.values()].filter(({ id }) => !this.#adding.has(id))
    await Promise.all([...underWay, this.#append(fresh, known)])
  }

  /** The newest letters, or the newest below the offset `before`. A page may hold fewer than `limit` although there are more. */
  async list({ before, limit }: { readonly before?: number; readonly limit: number }): Promise<LetterPage> {
    const partition = this.#topics.find(deadLettersTopic)
    if (partition === undefined) return { letters: [], before: undefined }
    const end = Math.min(before ?? partition.highWatermark, partition.highWatermark)
    const start = Math.max(partition.logStartOffset, end - Math.max(1, Math.min(limit, letterPageMax)))
    const letters: Omit<StoredLetter, 'raw'>[] = []
    await readLetters(partition, start, end, ({ raw: _, ...letter }) => letters.push(letter))
    return { letters: letters.reverse(), before: start > partition.logStartOffset ? start : undefined }
  }

  /** Rejects with 'observe.unknown-letter'. */
  async get(offset: number): Promise<StoredLetter> {
    const partition = this.#topics.find(deadLettersTopic)
    let letter: StoredLetter | undefined
    if (partition !== undefined && holds(partition, offset))
      await readLetters(partition, offset, offset + 1, found => (letter = found))
    if (letter === undefined) throw observeErrors.create('observe.unknown-letter', { offset })
    return letter
  }

  async #append(letters: readonly DeadLetter[], known: RecentIds): Promise<void> {
    const effects = { log: this.#log, clock: this.#clock, topics: this.#topics }
    const appended = appendRecords(effects, deadLettersTopic, letters.map(encodeLetter))
    for (const { id } of letters) this.#adding.set(id, appended)
    try {
      await appended
      for (const { id, reason } of letters) {
        known.add(id)
        this.#count.inc({ reason })
      }
    } finally {
      for (const { id } of letters) this.#adding.delete(id)
    }
  }

  /** Read from the topic when the first letter is added: a crash may have come between a letter and the position in the tables. */
  #knownIds(): Promise<RecentIds> {
    this.#known ??= this.#readIds().catch(error => {
      this.#known = undefined
      throw error
    })
    return this.#known
  }

  async #readIds(): Promise<RecentIds> {
    const partition = this.#topics.find(deadLettersTopic)
    const ids = new RecentIds(knownIdsMax)
    return partition === undefined ? ids : newestIds(partition, ids)
  }
}

const holds = ({ logStartOffset, highWatermark }: Partition, offset: number): boolean =>
  Number.isInteger(offset) && offset >= logStartOffset && offset < highWatermark
