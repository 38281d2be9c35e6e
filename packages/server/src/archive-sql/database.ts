/**
 * DuckDB over the opened files of an archive, in memory and locked up (S17): it reads these files and no other, writes none, loads nothing, spills nothing to a disk, and
 * nothing of that can be changed by a query.
 */
import { setTimeout } from 'node:timers/promises'
import { messageOf } from '@chronicle/base'
import type { ArchivedFile } from '@chronicle/packer'
import {
  type DuckDBConnection,
  DuckDBInstance,
  type DuckDBPreparedStatement,
  type DuckDBResult,
  type DuckDBType,
  type DuckDBValue,
  ResultReturnType,
  StatementType,
} from '@duckdb/node-api'
import { serverErrors } from '../errors.ts'
import { hasStatement } from './statement-end.ts'
import { eventsView, filesTable, framesView, quarantineView, type TimeRange, textLiteral } from './tables.ts'

const mebibyte = 1024 * 1024
const interruptEveryMs = 20

export type DatabaseOptions = {
  /** Paths of the opened files. */
  readonly events: readonly string[]
  readonly quarantine: readonly string[]
  /** What the manifest says of the files that were selected. */
  readonly files: readonly ArchivedFile[]
  readonly range: TimeRange
  /** In which days and hours are told, and times shown. */
  readonly timezone: string
  /** Without a file to spill to, a query that takes more is refused. */
  readonly memoryBytes: number
  readonly threads: number
}

/** What one statement gives. */
export type Answer = {
  readonly columns: readonly { readonly name: string; readonly type: DuckDBType }[]
  /** How many rows a statement has changed that gives none. */
  readonly changed?: number | undefined
  /** The text of a plan, rather than a table. */
  readonly isPlan: boolean
  /** Some rows at a time, as they are found. */
  rows(): AsyncIterable<readonly (readonly DuckDBValue[])[]>
}

/** What a query may be made of. What else there is writes files, loads code or talks to DuckDB itself. */
const accepted: ReadonlySet<StatementType> = new Set([
  ...[StatementType.SELECT, StatementType.EXPLAIN, StatementType.CREATE, StatementType.ALTER, StatementType.DROP],
  ...[StatementType.INSERT, StatementType.UPDATE, StatementType.DELETE, StatementType.MERGE_INTO],
  ...[StatementType.TRANSACTION, StatementType.SET, StatementType.VARIABLE_SET],
])
/** A log that is to go to a file is refused too late by DuckDB: nothing runs any more behind it. */
const logging = /\benable_logging\b/i
/** How DuckDB refuses what S17 takes away. */
const locked = /Permission Error|configuration has been locked|disabled by configuration|secrets are disabled/

export class ArchiveDatabase {
  readonly #instance: DuckDBInstance
  readonly #connection: DuckDBConnection
  /** Calls that a thread of DuckDB's works on. */
  #calls = 0
  #isEnded = false

  private constructor(instance: DuckDBInstance, connection: DuckDBConnection) {
    this.#instance = instance
    this.#connection = connection
  }

  static async open(options: DatabaseOptions): Promise<ArchiveDatabase> {
    const instance = await DuckDBInstance.create(':memory:', {
      threads: `${options.threads}`,
      memory_limit: `${Math.max(1, Math.floor(options.memoryBytes / mebibyte))}MiB`,
      temp_directory: '',
      // The files are in memory already, or not meant to stay in it.
      enable_external_file_cache: 'false',
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
      allow_community_extensions: 'false',
      allow_persistent_secrets: 'false',
    })
    const connection = await instance.connect()
    const { events, quarantine, files, range, timezone } = options
    await connection.run(`SET TimeZone = ${textLiteral(timezone)}`)
    await filesTable(connection, files)
    await connection.run(framesView)
    await connection.run(eventsView(events, range))
    await connection.run(quarantineView(quarantine))
    // S17: from here on there is no way back.
    await connection.run(`SET allowed_paths = [${[...events, ...quarantine].map(textLiteral).join()}]`)
    await connection.run('SET enable_external_access = false')
    await connection.run('SET lock_configuration = true')
    return new ArchiveDatabase(instance, connection)
  }

  /**
   * Runs statement by statement: the next one begins when the rows of the last one were taken. Rejects with 'server.query-failed', '-not-accepted', '-interrupted',
   * '-needs-memory'.
   */
  async *run(sql: string): AsyncGenerator<Answer> {
    if (logging.test(sql)) throw serverErrors.create('server.query-not-accepted', { statement: 'enable_logging' })
    if (!hasStatement(sql)) return
    const statements = await this.#asking(() => this.#connection.extractStatements(sql))
    for (let at = 0; at < statements.count; at++) {
      const statement = await this.#asking(() => statements.prepare(at))
      try {
        yield await this.#answer(statement)
      } finally {
        statement.destroySync()
      }
    }
  }

  /** Ends the statement that runs: it rejects with 'server.query-interrupted'. */
  interrupt(): void {
    this.#connection.interrupt()
  }

  /**
   * Stops what runs, for good, so that the process can end: it would wait for a thread that works. Whoever waits for rows gets no answer any more.
   */
  async end(): Promise<void> {
    this.#isEnded = true
    while (this.#calls > 0) {
      // Again, for one that comes before the query runs is forgotten.
      this.interrupt()
      await setTimeout(interruptEveryMs)
    }
  }

  close(): void {
    this.#connection.closeSync()
    this.#instance.closeSync()
  }

  async #answer(statement: DuckDBPreparedStatement): Promise<Answer> {
    const type = statement.statementType
    if (!accepted.has(type)) {
      throw serverErrors.create('server.query-not-accepted', { statement: StatementType[type] })
    }
    const result = await this.#asking(() => statement.stream())
    const isPlan = type === StatementType.EXPLAIN
    if (result.returnType !== ResultReturnType.QUERY_RESULT) {
      const changed = result.returnType === ResultReturnType.CHANGED_ROWS ? result.rowsChanged : undefined
      return { columns: [], changed, isPlan, rows: async function* () {} }
    }
    const types = result.columnTypes()
    const columns = result.deduplicatedColumnNames().map((name, column) => ({ name, type: types[column]! }))
    return { columns, isPlan, rows: () => this.#rows(result) }
  }

  async *#rows(result: DuckDBResult): AsyncGenerator<DuckDBValue[][]> {
    for (;;) {
      const chunk = await this.#asking(() => result.fetchChunk())
      if (!chunk || chunk.rowCount === 0) return
      yield chunk.getRows()
    }
  }

  async #asking<T>(step: () => Promise<T>): Promise<T> {
    this.#calls++
    try {
      return await step()
    } catch (error) {
      throw refusalOf(error)
    } finally {
      this.#calls--
      if (this.#isEnded) await new Promise<never>(() => undefined)
    }
  }
}

/** DuckDB's refusals begin with their kind: `Permission Error: …`. */
function refusalOf(error: unknown): Error {
  const reason = messageOf(error)
    .replace(/^Failed to extract statements: /, '')
    .trimEnd()
  if (reason.startsWith('INTERRUPT Error')) return serverErrors.create('server.query-interrupted', {}, error)
  if (reason.startsWith('Out of Memory Error')) {
    // What follows the first line is advice that does not hold here.
    return serverErrors.create('server.query-needs-memory', { reason: reason.split('\n', 1)[0] }, error)
  }
  const code = locked.test(reason) ? 'server.query-not-accepted' : 'server.query-failed'
  return serverErrors.create(code, { reason }, error)
}
