import pg from 'pg'
import { observeErrors } from '../errors.ts'
import type { Database, Queries, SqlValue, Transaction } from './contract.ts'
import { calling } from './failure.ts'
import { copyIn } from './pg-copy.ts'

/** Reads at once; one further connection writes. A pooler sees no more than these. */
const readersMax = 4
const connectTimeoutMs = 10_000
/** A statement that is not answered by then has lost its server, or its reader. */
const statementTimeoutMs = 60_000
/** The same for what only reads, kept by the server itself: it would go on otherwise, although nobody waits any more. */
const readStatementMsMax = 10_000
const idleTimeoutMs = 30_000

const int8 = 20
const date = 1082
const parsers: Readonly<Record<number, (text: string) => unknown>> = { [int8]: Number, [date]: text => text }
const types = {
  getTypeParser: ((oid: number, format?: 'text') =>
    parsers[oid] ?? pg.types.getTypeParser(oid, format)) as typeof pg.types.getTypeParser,
}

/** A PostgreSQL behind a URL. Connects with the first statement, and again after a loss. Throws what the driver says of the URL. */
export function openPostgres(url: string): Database {
  // Reads the URL and the certificates that it names; connects to nothing.
  new pg.Client({ connectionString: withMeaningOfLibpq(url) })
  return new PostgresDatabase(url)
}

class PostgresDatabase implements Database {
  readonly kind = 'postgresql'
  readonly #readers: pg.Pool
  readonly #writer: pg.Pool

  constructor(url: string) {
    this.#readers = poolOf(url, readersMax)
    this.#writer = poolOf(url, 1)
  }

  query<Row extends object>(sql: string, values: readonly SqlValue[] = []): Promise<Row[]> {
    return withClient(this.#readers, queries => queries.query<Row>(sql, values))
  }

  script(sql: string): Promise<void> {
    return withClient(this.#readers, queries => queries.script(sql))
  }

  transaction<T>(work: (transaction: Transaction) => Promise<T>): Promise<T> {
    return withClient(this.#writer, queries => inTransaction(queries, 'begin isolation level read committed', work))
  }

  read<T>(work: (queries: Queries) => Promise<T>, { statementMsMax = readStatementMsMax } = {}): Promise<T> {
    // Of the transaction alone: a pooler gives the session to somebody else next (OD7).
    const begin = `begin isolation level repeatable read, read only; set local statement_timeout = ${statementMsMax}`
    return withClient(this.#readers, queries =>
      inTransaction(queries, begin, each => work(each).catch(error => throwTimeout(error, statementMsMax))),
    )
  }

  async alone<T>(lock: string, work: (lost: AbortSignal) => Promise<T>): Promise<T | undefined> {
    const client = await calling(() => this.#readers.connect())
    const lost = new AbortController()
    const lose = (error?: Error): void => {
      const reason = 'the connection broke that kept others out'
      lost.abort(observeErrors.create('observe.database-unavailable', { reason }, error))
    }
    client.on('error', lose)
    client.on('end', lose)
    try {
      // Of the transaction, not of the session, which may be a pooler's (OD7). Without a snapshot it keeps no old row alive.
      await queriesOf(client).script(
        'begin isolation level read committed; set local idle_in_transaction_session_timeout = 0',
      )
      const taking = `select pg_try_advisory_xact_lock(${lock}) as is_held`
      const [row] = await queriesOf(client).query<{ is_held: boolean }>(taking)
      return row!.is_held ? await work(lost.signal) : undefined
    } finally {
      client.off('error', lose)
      client.off('end', lose)
      const ended = await client.query('rollback').then(
        () => true,
        () => false,
      )
      client.release(!ended)
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#readers.end(), this.#writer.end()])
  }
}

function poolOf(url: string, max: number): pg.Pool {
  const pool = new pg.Pool({
    connectionString: withMeaningOfLibpq(url),
    max,
    types,
    application_name: 'chronicle',
    keepAlive: true,
    connectionTimeoutMillis: connectTimeoutMs,
    query_timeout: statementTimeoutMs,
    idleTimeoutMillis: idleTimeoutMs,
    allowExitOnIdle: true,
  })
  // A connection that breaks while it is idle leaves the pool; whoever needs one next is told if there is none to be had.
  pool.on('error', () => undefined)
  return pool
}

/**
 * `sslmode` as libpq has it, which is what whoever copied the URL from a provider expects: `require` encrypts and checks no certificate, `verify-full` checks it.
 * The driver by itself would check with both.
 */
function withMeaningOfLibpq(url: string): string {
  const asksForTls = /[?&]sslmode=(prefer|require|verify-ca|verify-full)(&|$)/.test(url)
  return asksForTls && !url.includes('uselibpqcompat=') ? `${url}&uselibpqcompat=true` : url
}

async function inTransaction<T>(
  queries: Transaction,
  begin: string,
  work: (transaction: Transaction) => Promise<T>,
): Promise<T> {
  await queries.script(begin)
  try {
    const result = await work(queries)
    await queries.script('commit')
    return result
  } catch (error) {
    // Where the connection is lost the server rolls back by itself; why the work failed says more than that this failed too.
    if (!isLost(error)) await queries.script('rollback').catch(() => undefined)
    throw error
  }
}

function throwTimeout(error: unknown, statementMsMax: number): never {
  if (!observeErrors.is(error) || error.details.sqlstate !== '57014') throw error
  throw observeErrors.create('observe.query-timeout', { afterMs: statementMsMax }, error)
}

/** Lends a client to `work`. One that lost its connection, or was left in a transaction, is not used again. */
async function withClient<T>(pool: pg.Pool, work: (queries: Transaction) => Promise<T>): Promise<T> {
  const client = await calling(() => pool.connect())
  let drop = false
  const dropped = (): void => {
    drop = true
  }
  // Without a listener an 'error' of a client that is lent would end the process; the statement that runs fails by itself.
  client.on('error', dropped)
  try {
    return await work(queriesOf(client))
  } catch (error) {
    drop ||= isLost(error) || client.getTransactionStatus() !== 'I'
    throw error
  } finally {
    client.off('error', dropped)
    client.release(drop)
  }
}

function isLost(error: unknown): boolean {
  return observeErrors.is(error) && error.code === 'observe.database-unavailable'
}

function queriesOf(client: pg.PoolClient): Transaction {
  return {
    // Without a name: a named statement would stay with a session that a pooler gives to somebody else next (OD7).
    query: (sql, values = []) => calling(async () => (await client.query(sql, [...values])).rows),
    script: sql => calling(async () => void (await client.query(sql))),
    copy: (into, rows) => copyIn(client, `copy ${into} from stdin (format binary)`, rows),
  }
}
