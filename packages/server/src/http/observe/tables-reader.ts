import { type Clock, messageOf } from '@chronicle/base'
import { observeErrors, type Queries, type Tables } from '@chronicle/observe'
import { readMsMax } from './limits.ts'

export type TablesReaderOptions = { readonly tables: Pick<Tables, 'database'>; readonly clock: Clock }

/** Reads the tables for requests: an answer in time, or the reason why there is none (S25). */
export class TablesReader {
  readonly #options: TablesReaderOptions
  #failure: string | undefined

  constructor(options: TablesReaderOptions) {
    this.#options = options
  }

  /** Why the last read failed; undefined after one that succeeded. */
  get failure(): string | undefined {
    return this.#failure
  }

  /** Opens the tables if nobody has. Fails as they do, and with 'observe.query-timeout' when there is no answer after {@link readMsMax}. */
  async read<T>(work: (queries: Queries) => Promise<T>): Promise<T> {
    const { tables, clock } = this.#options
    const late = Promise.withResolvers<never>()
    const timer = clock.after(readMsMax, () =>
      late.reject(observeErrors.create('observe.query-timeout', { afterMs: readMsMax })),
    )
    try {
      const reading = tables.database().then(database => database.read(work))
      const result = await Promise.race([reading, late.promise])
      this.#failure = undefined
      return result
    } catch (error) {
      if (isOfDatabase(error)) this.#failure = messageOf(error)
      throw error
    } finally {
      timer.cancel()
    }
  }
}

/** A cursor that is wrong says nothing about the database. */
function isOfDatabase(error: unknown): boolean {
  return observeErrors.is(error) && error.code !== 'observe.invalid-cursor'
}
