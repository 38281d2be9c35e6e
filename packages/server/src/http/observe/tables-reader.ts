import { type Clock, messageOf } from '@chronicle/base'
import { observeErrors, type Queries, type Tables } from '@chronicle/observe'
import { readMsMax } from './limits.ts'

/** A database that nobody has asked since may well be there again. */
export const failureToldMs = 60_000

export type TablesReaderOptions = { readonly tables: Pick<Tables, 'database' | 'state'>; readonly clock: Clock }

/** Reads the tables for requests: an answer in time, or the reason why there is none (S25). */
export class TablesReader {
  readonly #options: TablesReaderOptions
  #failure: { readonly reason: string; readonly at: number } | undefined

  constructor(options: TablesReaderOptions) {
    this.#options = options
  }

  /** Why the last read failed, unless that is long ago; undefined after one that succeeded. */
  get failure(): string | undefined {
    const { reason, at } = this.#failure ?? { at: 0 }
    return this.#options.clock.monotonic() - at < failureToldMs ? reason : undefined
  }

  /**
   * Opens the tables if nobody has. Fails as they do; when there is no answer after {@link readMsMax}, with 'observe.tables-opening' where they are not open by then,
   * and else with 'observe.query-timeout'.
   */
  async read<T>(work: (queries: Queries) => Promise<T>): Promise<T> {
    const { tables, clock } = this.#options
    const late = Promise.withResolvers<never>()
    const timer = clock.after(readMsMax, () => {
      const code = tables.state === 'opening' ? 'observe.tables-opening' : 'observe.query-timeout'
      late.reject(observeErrors.create(code, { afterMs: readMsMax }))
    })
    try {
      const reading = tables.database().then(database => database.read(work))
      const result = await Promise.race([reading, late.promise])
      this.#failure = undefined
      return result
    } catch (error) {
      if (isOfDatabase(error)) this.#failure = { reason: messageOf(error), at: clock.monotonic() }
      throw error
    } finally {
      timer.cancel()
    }
  }
}

/** A cursor that is wrong says nothing about the database, and one that takes its time to open has not failed. */
function isOfDatabase(error: unknown): boolean {
  return observeErrors.is(error) && error.code !== 'observe.invalid-cursor' && error.code !== 'observe.tables-opening'
}
