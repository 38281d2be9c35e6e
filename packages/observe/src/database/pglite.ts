import type { Transaction as LiteTransaction, PGlite } from '@electric-sql/pglite'
import type { Database, Queries, SqlValue, Transaction } from './contract.ts'
import { ensureDirectory } from './embedded-directory.ts'
import { calling, databaseError } from './failure.ts'

const int8 = 20
const date = 1082
const parsers = { [int8]: Number, [date]: (text: string) => text }

/** Of the memory that it takes, about 250 MB, these are what there is to choose; and of the disk, what its log takes at most. */
const postgresqlconf = ['shared_buffers = 16MB', 'max_wal_size = 128MB']

/**
 * PostgreSQL inside of this process, its files in `directory`. The module is loaded here and nowhere else.
 * One statement at a time runs, on the thread of whoever calls. What is committed survives the death of the process; it is not synced to the disk, because the module cannot.
 * One process at a time may have the directory: nothing in it keeps a second one out.
 */
export async function openEmbedded(directory: string): Promise<Database> {
  await ensureDirectory(directory)
  const { PGlite } = await import('@electric-sql/pglite')
  return new EmbeddedDatabase(await calling(() => PGlite.create(directory, { parsers, postgresqlconf })))
}

class EmbeddedDatabase implements Database {
  readonly kind = 'embedded'
  readonly #lite: PGlite
  readonly query: Queries['query']
  readonly script: Queries['script']

  constructor(lite: PGlite) {
    this.#lite = lite
    const { query, script } = queriesOf(lite)
    this.query = query
    this.script = script
  }

  async transaction<T>(work: (transaction: Transaction) => Promise<T>): Promise<T> {
    let failure: { readonly error: unknown } | undefined
    const working = (transaction: LiteTransaction): Promise<T> =>
      work(queriesOf(transaction)).catch(error => {
        failure = { error }
        throw error
      })
    try {
      return await this.#lite.transaction(working)
    } catch (error) {
      throw failure ? failure.error : databaseError(error)
    }
  }

  read<T>(work: (queries: Queries) => Promise<T>): Promise<T> {
    return this.transaction(async queries => {
      await queries.script('set transaction isolation level repeatable read, read only')
      return work(queries)
    })
  }

  /** No other process has the directory, and this one rebuilds once at a time. */
  alone<T>(_lock: string, work: (lost: AbortSignal) => Promise<T>): Promise<T> {
    return work(new AbortController().signal)
  }

  async close(): Promise<void> {
    await this.#lite.close()
  }
}

function queriesOf(lite: PGlite | LiteTransaction): Transaction {
  return {
    query: <Row extends object>(sql: string, values: readonly SqlValue[] = []) =>
      calling(async () => (await lite.query<Row>(sql, [...values])).rows),
    script: sql => calling(async () => void (await lite.exec(sql))),
    // The module has no standard input, and a device instead.
    copy: (into, rows) =>
      calling(async () => {
        const blob = new Blob([rows])
        await lite.query(`copy ${into} from '/dev/blob' (format binary)`, [], { blob })
        return { done: Promise.resolve() }
      }),
  }
}
