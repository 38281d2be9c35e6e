/**
 * The one SQLite file of capture. One process writes it, others may read it meanwhile (WAL mode). Calls are synchronous: a transaction takes
 * well below a millisecond, and nobody is made to wait for a lock. Whatever SQLite refuses becomes a {@link DatabaseError}; its caller decides
 * whether and when to try again.
 */
import { chmodSync, mkdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { assert } from '@chronicle/base'
import { DatabaseError } from '../errors.ts'
import { databaseErrorOf } from './database-failure.ts'
import { openFileToRead } from './open-to-read.ts'
import { makePrivateFile } from './private-file.ts'
import { applicationId, migrations, schemaVersion } from './schema.ts'

/** The log beside the file is cut back to this many bytes once its pages stand in the file. */
const journalBytesMax = 16 * 1024 * 1024
/** Pages of the file that are kept in memory, in KiB. */
const cacheKibibytes = 1024

export type DatabaseOptions = {
  readonly path: string
  /** For who only looks: the file has to be there, and nothing of it is changed. */
  readonly readOnly?: boolean
}

/** Whether a commit waits for the disk. */
type Synchronous = 'NORMAL' | 'FULL'

export class CaptureDatabase {
  readonly path: string
  readonly #sql: DatabaseSync
  readonly #identity: string | undefined
  #level: Synchronous | undefined

  private constructor(path: string, sql: DatabaseSync) {
    this.path = path
    this.#sql = sql
    this.#identity = identityOf(path)
  }

  /** Opens the file, makes it where there is none, and brings its tables up to this version's. Throws {@link DatabaseError}. */
  static open({ path, readOnly = false }: DatabaseOptions): CaptureDatabase {
    let sql: DatabaseSync | undefined
    try {
      if (!readOnly) {
        mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
        makePrivateFile(path)
      }
      sql = readOnly ? openFileToRead(path) : new DatabaseSync(path, { timeout: 0 })
      const database = new CaptureDatabase(path, sql)
      if (readOnly) database.#checkReadable()
      else database.#prepareFile()
      return database
    } catch (error) {
      sql?.close()
      throw databaseErrorOf(error, path)
    }
  }

  /** A statement to keep and use inside of {@link transaction}, {@link durably} and {@link read}. */
  prepare(text: string): StatementSync {
    return this.read(() => this.#sql.prepare(text))
  }

  /** All of what `work` changes, or nothing. It survives the end of the process; a power cut only once something later was done {@link durably}. */
  transaction<T>(work: () => T): T {
    return this.#commit('NORMAL', work)
  }

  /** As {@link transaction}, and all that was committed until then is on the disk when this returns. */
  durably<T>(work: () => T): T {
    return this.#commit('FULL', work)
  }

  /** For reads outside of a transaction: only the errors are translated. */
  read<T>(work: () => T): T {
    try {
      return work()
    } catch (error) {
      throw databaseErrorOf(error, this.path)
    }
  }

  /** Gives free pages back to the file system, at most so many at a time. */
  reclaim(pagesMax: number): void {
    assert(Number.isInteger(pagesMax) && pagesMax > 0, 'a number of pages')
    // One row for each page that was given back: the statement has to be stepped to its end.
    this.read(() => this.#sql.prepare(`PRAGMA incremental_vacuum(${pagesMax})`).all())
  }

  /** Bytes of the file. */
  get bytes(): number {
    return this.read(() => {
      const { page_count: pages } = this.#sql.prepare('PRAGMA page_count').get() as { page_count: number }
      const { page_size: pageBytes } = this.#sql.prepare('PRAGMA page_size').get() as { page_size: number }
      return pages * pageBytes
    })
  }

  /** SQLite goes on writing into a file that was removed, where nobody ever finds it. Throws 'capture.database-removed'. */
  checkInPlace(): void {
    if (this.read(() => identityOf(this.path)) !== this.#identity)
      throw new DatabaseError('capture.database-removed', { path: this.path })
  }

  close(): void {
    if (this.#sql.isOpen) this.#sql.close()
  }

  #commit<T>(synchronous: Synchronous, work: () => T): T {
    assert(!this.#sql.isTransaction, 'transactions do not stand inside each other')
    try {
      this.#synchronise(synchronous)
      this.#sql.exec('BEGIN IMMEDIATE')
      const result = work()
      assert(!(result instanceof Promise), 'a transaction does not wait')
      this.#sql.exec('COMMIT')
      return result
    } catch (error) {
      this.#rollBack()
      throw databaseErrorOf(error, this.path)
    }
  }

  #synchronise(level: Synchronous): void {
    if (this.#level === level) return
    this.#sql.exec(`PRAGMA synchronous = ${level}`)
    this.#level = level
  }

  /** Some failures have rolled back by themselves; one that leaves a transaction open would refuse every later one. */
  #rollBack(): void {
    if (!this.#sql.isOpen || !this.#sql.isTransaction) return
    try {
      this.#sql.exec('ROLLBACK')
    } catch {
      // The disk is gone: the failure that brought us here is the one to tell, and the next BEGIN says what is left of it.
    }
  }

  #prepareFile(): void {
    // Before the first table: it cannot be changed afterwards.
    this.#sql.exec('PRAGMA auto_vacuum = INCREMENTAL')
    const version = this.#checkVersion()
    // One that was there may have been made by hand; the files beside it get the same mode.
    chmodSync(this.path, 0o600)
    this.#sql.exec('PRAGMA journal_mode = WAL')
    this.#sql.exec(`PRAGMA journal_size_limit = ${journalBytesMax}`)
    this.#sql.exec(`PRAGMA cache_size = -${cacheKibibytes}`)
    // What is deleted is overwritten with zeros.
    this.#sql.exec('PRAGMA secure_delete = ON')
    if (version < schemaVersion) this.durably(() => this.#migrate(version))
  }

  /** The version of the tables; 0 of an empty file. Refuses what is not capture's, or a newer version's. */
  #checkVersion(): number {
    const { application_id: id } = this.#sql.prepare('PRAGMA application_id').get() as { application_id: number }
    const { user_version: version } = this.#sql.prepare('PRAGMA user_version').get() as { user_version: number }
    const { tables } = this.#sql.prepare('SELECT count(*) AS tables FROM sqlite_schema').get() as { tables: number }
    if (id !== applicationId && (id !== 0 || version !== 0 || tables !== 0)) {
      throw new DatabaseError('capture.database-foreign', { path: this.path })
    }
    if (version > schemaVersion) {
      throw new DatabaseError('capture.database-newer', { path: this.path, version, accepted: schemaVersion })
    }
    return version
  }

  /** Who only looks cannot bring the tables up to this version's. */
  #checkReadable(): void {
    const version = this.#checkVersion()
    if (version === schemaVersion) return
    throw new DatabaseError('capture.database-older', { path: this.path, version, accepted: schemaVersion })
  }

  #migrate(from: number): void {
    for (const statements of migrations.slice(from)) this.#sql.exec(statements)
    this.#sql.exec(`PRAGMA application_id = ${applicationId}`)
    this.#sql.exec(`PRAGMA user_version = ${schemaVersion}`)
  }
}

/** Of the file at this path; undefined where there is none. */
function identityOf(path: string): string | undefined {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false })
  return found && `${found.dev} ${found.ino}`
}
