/** A value of a statement. Many rows go as one JSON text. */
export type SqlValue = string | number | boolean | null | readonly string[]

/**
 * What runs SQL. Results have the same types with every implementation: `bigint` and `int` are numbers (exact below 2^53), `date` is the text
 * `YYYY-MM-DD`, `numeric` is text, JSON is parsed. A time is selected as text or as microseconds (`src/store/columns.ts`), never bare.
 */
export type Queries = {
  /** Runs one statement. */
  query<Row extends object>(sql: string, values?: readonly SqlValue[]): Promise<Row[]>
  /** Runs statements without values, in one round trip. */
  script(sql: string): Promise<void>
}

/**
 * A PostgreSQL. Nothing depends on what a session remembers (prepared statements, settings, session locks), so that a pooler in transaction mode may
 * stand between. Fails with 'observe.database-unavailable' where the same may succeed later, with 'observe.data-refused' where the data is at fault, and with
 * 'observe.database-refused' otherwise.
 */
export type Database = Queries & {
  readonly kind: 'postgresql' | 'embedded'
  /**
   * Runs `work` in one transaction (read committed), and commits when it resolves. One transaction at a time runs; a second one waits. Where the commit itself fails
   * with 'observe.database-unavailable' it is not known whether it happened.
   */
  transaction<T>(work: (queries: Queries) => Promise<T>): Promise<T>
  /**
   * Runs `work` on one snapshot of the database, several at once where it can; nothing may be changed. A statement that takes longer than `statementMsMax` fails with
   * 'observe.query-timeout'; the embedded database cannot stop one that runs.
   */
  read<T>(work: (queries: Queries) => Promise<T>, options?: { readonly statementMsMax?: number }): Promise<T>
  /** Waits for what runs, then lets go of connections and files. */
  close(): Promise<void>
}
