import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import { DatabaseError } from '../src/errors.ts'
import { CaptureDatabase } from '../src/store/database.ts'

function pathFor(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'capture-'))
  t.after(() => rmSync(directory, { recursive: true }))
  return join(directory, 'below', 'capture.db')
}

function opened(t: TestContext, path: string, readOnly = false): CaptureDatabase {
  const database = CaptureDatabase.open({ path, readOnly })
  t.after(() => database.close())
  return database
}

function refused(code: string, work: () => unknown): DatabaseError {
  try {
    work()
  } catch (error) {
    assert.ok(error instanceof DatabaseError, String(error))
    assert.equal(error.code, code)
    return error
  }
  assert.fail(`${code} was expected`)
}

function put(database: CaptureDatabase, name: string, value = 1): void {
  database.prepare('INSERT INTO meta (name, value) VALUES (?, ?)').run(name, value)
}

function names(database: CaptureDatabase): unknown[] {
  return database
    .prepare('SELECT name FROM meta ORDER BY name')
    .all()
    .map(row => row.name)
}

test('a new database is private, in WAL mode, overwrites what is deleted, and opens again', t => {
  const path = pathFor(t)
  const database = opened(t, path)
  assert.deepEqual({ ...database.prepare('PRAGMA journal_mode').get() }, { journal_mode: 'wal' })
  assert.deepEqual({ ...database.prepare('PRAGMA auto_vacuum').get() }, { auto_vacuum: 2 })
  assert.deepEqual({ ...database.prepare('PRAGMA secure_delete').get() }, { secure_delete: 1 })
  database.durably(() => put(database, 'kept'))
  for (const end of ['', '-wal', '-shm']) assert.equal(statSync(path + end).mode & 0o777, 0o600)
  database.close()
  assert.deepEqual(names(opened(t, path)), ['kept'])
})

test('a transaction is whole or not at all, whoever refuses', t => {
  const database = opened(t, pathFor(t))
  const failure = new Error('the caller changed its mind')
  assert.throws(
    () =>
      database.transaction(() => {
        put(database, 'half')
        throw failure
      }),
    failure,
  )
  database.transaction(() => put(database, 'whole'))
  assert.deepEqual(names(database), ['whole'])
})

test('a database that another program writes to is busy, at once, and free again afterwards', t => {
  const path = pathFor(t)
  const database = opened(t, path)
  const other = new DatabaseSync(path)
  t.after(() => other.close())
  other.exec('BEGIN IMMEDIATE')
  assert.deepEqual({ ...database.prepare('PRAGMA busy_timeout').get() }, { timeout: 0 })
  const error = refused('capture.database-busy', () => database.transaction(() => put(database, 'one')))
  assert.ok(error.passes)
  assert.deepEqual(names(database), [], 'who reads is not held up')
  other.exec('ROLLBACK')
  database.transaction(() => put(database, 'one'))
  assert.deepEqual(names(database), ['one'])
})

test('a full disk is an error that passes, and leaves nothing half done', t => {
  const database = opened(t, pathFor(t))
  const pages = database.prepare('PRAGMA page_count').get()!.page_count as number
  database.prepare(`PRAGMA max_page_count = ${pages + 2}`).get()
  const fill = () => {
    for (let at = 0; at < 2000; at++) put(database, `name ${at}`)
  }
  assert.ok(refused('capture.database-full', () => database.transaction(fill)).passes)
  database.prepare('PRAGMA max_page_count = 100000').get()
  assert.deepEqual(names(database), [])
  database.transaction(fill)
  assert.equal(names(database).length, 2000)
})

test('what is not a database of capture is refused and not changed', t => {
  const path = pathFor(t)
  opened(t, path).close()
  const text = `${path}.txt`
  writeFileSync(text, 'a letter of some length, which is no database at all; '.repeat(100))
  refused('capture.database-foreign', () => CaptureDatabase.open({ path: text }))
  const foreign = `${path}.other`
  const other = new DatabaseSync(foreign)
  other.exec('CREATE TABLE notes (text TEXT)')
  other.close()
  refused('capture.database-foreign', () => CaptureDatabase.open({ path: foreign }))
  refused('capture.database-unusable', () => CaptureDatabase.open({ path: join(path, 'not', 'a', 'directory') }))
  refused('capture.database-missing', () => CaptureDatabase.open({ path: `${path}.none`, readOnly: true }))
})

test('a newer version is refused with both versions', t => {
  const path = pathFor(t)
  opened(t, path).close()
  const newer = new DatabaseSync(path)
  newer.exec('PRAGMA user_version = 99')
  newer.close()
  assert.equal(refused('capture.database-newer', () => CaptureDatabase.open({ path })).details.version, 99)
})

test('who only looks sees what was committed, and cannot write', t => {
  const path = pathFor(t)
  const database = opened(t, path)
  database.transaction(() => put(database, 'seen'))
  const reader = opened(t, path, true)
  assert.deepEqual(names(reader), ['seen'])
  refused('capture.database-unusable', () => reader.transaction(() => put(reader, 'written')))
})

test('free pages go back to the file system', t => {
  const database = opened(t, pathFor(t))
  database.transaction(() => {
    for (let at = 0; at < 5000; at++) put(database, `a name that takes some room ${at}`)
  })
  const full = database.bytes
  database.transaction(() => database.prepare('DELETE FROM meta').run())
  assert.equal(database.bytes, full)
  database.reclaim(1_000_000)
  assert.ok(database.bytes < full)
})
