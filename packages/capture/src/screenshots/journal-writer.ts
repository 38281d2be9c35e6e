import type { Logger } from '@chronicle/telemetry'
import { DatabaseError } from '../errors.ts'
import type { ShotRecord } from './contract.ts'
import type { ShotJournal } from './journal.ts'

/** Written by one transaction. */
const linesAtOnceMax = 500

/** The journal is written at once where the database lets it, and later where not: the bytes do not wait for it. */
export class JournalWriter {
  readonly #journal: ShotJournal
  readonly #logger: Logger
  /** The newest state of each screenshot that is not written, the oldest first. */
  readonly #waiting = new Map<string, ShotRecord>()
  #failure: DatabaseError | undefined

  constructor(journal: ShotJournal, logger: Logger) {
    this.#journal = journal
    this.#logger = logger
  }

  /** Why the last attempt failed; undefined when everything is written. */
  get failure(): DatabaseError | undefined {
    return this.#failure
  }

  get waiting(): number {
    return this.#waiting.size
  }

  note(record: ShotRecord): void {
    this.#waiting.set(record.id, record)
    this.flush()
  }

  /** Leaves what is refused for the next time. */
  flush(): void {
    try {
      while (this.#waiting.size > 0) {
        const records = [...this.#waiting.values()].slice(0, linesAtOnceMax)
        this.#journal.write(records)
        for (const { id } of records) this.#waiting.delete(id)
      }
      this.#failure = undefined
    } catch (error) {
      if (!(error instanceof DatabaseError)) throw error
      if (this.#failure === undefined) this.#logger.warn({ error }, 'the journal of screenshots waits for the database')
      this.#failure = error
    }
  }

  /** As it was written, or is about to be. */
  find(id: string): ShotRecord | undefined {
    return this.#waiting.get(id) ?? this.#journal.find(id)
  }
}
