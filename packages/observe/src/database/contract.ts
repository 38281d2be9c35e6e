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

/** What runs SQL in a transaction that may write. */
export type Transaction = Queries & {
  /**
   * Adds rows, as `CopyRows` writes them, to `into`, which is a table with its columns: `events (id, at)`. The quickest way to add many. Resolves when they are on their
   * way, and `done` when they are in: between the two there is time for what needs no database. The next statement has to wait for `done`.
   */
  copy(into: string, rows: Uint8Array): Promise<{ readonly done: Promise<void> }>
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
  transaction<T>(work: (transaction: Transaction) => Promise<T>): Promise<T>
  /**
   * Runs `work` on one snapshot of the database, several at once where it can; nothing may be changed. A statement that takes longer than `statementMsMax` fails with
   * 'observe.query-timeout'; the embedded database cannot stop one that runs.
   */
  read<T>(work: (queries: Queries) => Promise<T>, options?: { readonly statementMsMax?: number }): Promise<T>
  /**
   * Runs `work` while it holds `lock`, a number that stands for something of which one at a time may run, in whatever process; undefined where somebody else holds it. `lost` is aborted when
   * the connection that holds it breaks: somebody else may have it then, and commits may have been lost. To be kept for as long as it takes; it keeps no row from being removed.
   */
  alone<T>(lock: string, work: (lost: AbortSignal) => Promise<T>): Promise<T | undefined>
  /** Waits for what runs, then lets go of connections and files. */
  close(): Promise<void>
}
