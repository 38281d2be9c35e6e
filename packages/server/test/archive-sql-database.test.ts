import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { ChronicleError, systemClock } from '@chronicle/base'
import { ArchiveDatabase, type DatabaseOptions } from '../src/archive-sql/database.ts'
import { openPrivatePlace } from '../src/archive-sql/private-place.ts'

const scratch = mkdtempSync(join(tmpdir(), 'chronicle-archive-sql-'))
after(() => rmSync(scratch, { recursive: true, force: true }))

async function opened(more: Partial<DatabaseOptions> = {}): Promise<ArchiveDatabase> {
  const options = { events: [], quarantine: [], files: [], range: {}, timezone: 'UTC', threads: 2 }
  return ArchiveDatabase.open({ ...options, memoryBytes: 256 * 1024 * 1024, ...more })
}

async function rowsOf(database: ArchiveDatabase, sql: string): Promise<unknown[][]> {
  const all: unknown[][] = []
  for await (const answer of database.run(sql))
    for await (const rows of answer.rows()) all.push(...rows.map(row => [...row]))
  return all
}

/** The code of the refusal, and what it says. */
async function refusal(database: ArchiveDatabase, sql: string): Promise<string> {
  try {
    await rowsOf(database, sql)
  } catch (error) {
    assert.ok(error instanceof ChronicleError, sql)
    return `${error.code} ${error.details.reason ?? error.details.statement}`
  }
  return assert.fail(`not refused: ${sql}`)
}

async function quarantineFile(): Promise<string> {
  const { handle, path } = await openPrivatePlace({ bytes: 100, directory: scratch, clock: systemClock }).create()
  await handle.write('{"reason":"data-not-json","position":7}\n')
  after(() => handle.close())
  return path
}

test('S17: a query reads what was opened, and no other file, and writes none', async () => {
  const path = await quarantineFile()
  const database = await opened({ quarantine: [path] })
  const secret = join(scratch, 'secret.csv')
  writeFileSync(secret, 'a\n1\n')
  assert.deepEqual(await rowsOf(database, 'SELECT reason, position FROM quarantine'), [['data-not-json', 7n]])
  const before = readdirSync(scratch)
  const notAccepted = [
    `SELECT * FROM read_text('${secret}')`,
    `FROM read_csv('${secret}')`,
    `FROM '${secret}'`,
    `FROM read_blob('/proc/self/environ')`,
    `FROM read_text('${path}/../../environ')`,
    `FROM glob('${scratch}/*')`,
    `COPY (SELECT 1) TO '${scratch}/out.csv'`,
    `COPY quarantine TO '${path}' (FORMAT csv, USE_TMP_FILE false)`,
    `ATTACH '${scratch}/other.db'`,
    `ATTACH ':memory:' AS other`,
    `EXPORT DATABASE '${scratch}/all'`,
    `IMPORT DATABASE '${scratch}/all'`,
    'INSTALL httpfs',
    'LOAD httpfs',
    `SET temp_directory = '${scratch}'`,
    'SET enable_external_access = true',
    `SET allowed_paths = ['${secret}']`,
    "SET memory_limit = '10GB'",
    'RESET memory_limit',
    `PRAGMA enable_profiling = 'json'`,
    `CALL enable_logging(storage = 'file', storage_path = '${scratch}/log')`,
    `FROM enable_logging(storage = 'file', storage_path = '${scratch}/log')`,
    `CREATE PERSISTENT SECRET s (TYPE http, BEARER_TOKEN 'x')`,
    'CHECKPOINT',
  ]
  for (const sql of notAccepted) assert.match(await refusal(database, sql), /^server\.query-not-accepted \S/, sql)
  assert.deepEqual(readdirSync(scratch), before)
  assert.deepEqual(await rowsOf(database, 'SELECT count(*) FROM quarantine'), [[1n]], 'it answers as before')
  database.close()
})

test('S17: what takes more memory than it may is refused, and nothing is spilled to a disk', async () => {
  const database = await opened()
  const large = 'SELECT count(*) FROM (SELECT i, hash(i) AS h FROM range(20000000) t(i) ORDER BY h)'
  assert.match(await refusal(database, large), /^server\.query-needs-memory Out of Memory Error: [^\n]*$/)
  assert.equal(existsSync('.tmp'), false)
  assert.deepEqual(await rowsOf(database, 'SELECT 1'), [[1]])
  database.close()
})

test('rows come as they are found: 400 MB of them are never in memory together', async () => {
  const database = await opened()
  let rows = 0
  for await (const answer of database.run("SELECT i, repeat('x', 400) FROM range(1000000) t(i)")) {
    for await (const some of answer.rows()) rows += some.length
  }
  assert.equal(rows, 1_000_000, 'with 256 MiB for all of DuckDB')
  database.close()
})

test('a query ends when it is interrupted, and the next one runs', async () => {
  const database = await opened()
  const running = refusal(database, 'SELECT count(*) FROM range(100000000000) t(i) WHERE hash(i) = 7')
  const timer = setInterval(() => database.interrupt(), 50)
  assert.match(await running, /^server\.query-interrupted/)
  clearInterval(timer)
  assert.deepEqual(await rowsOf(database, 'SELECT 1'), [[1]])
  database.close()
})

test('statements run one after the other, each on what the one before has made', async () => {
  const database = await opened()
  const sql = `CREATE TABLE t AS SELECT 1 AS a; INSERT INTO t VALUES (2), (3); -- ';'
    SELECT a FROM t WHERE a > 1 ORDER BY a; SET VARIABLE x = 5; SELECT getvariable('x')`
  const counted: (number | undefined)[] = []
  const rows: unknown[] = []
  for await (const answer of database.run(sql)) {
    if (answer.columns.length === 0) counted.push(answer.changed)
    for await (const some of answer.rows()) rows.push(...some.flat())
  }
  assert.deepEqual(rows, [2, 3, 5])
  assert.ok(counted.includes(2))
  for (const nothing of ['', ' ; ;', '-- only this', '/* and this */'])
    assert.deepEqual(await rowsOf(database, nothing), [])
  assert.match(await refusal(database, 'SELECT 1; SELEC 2'), /^server\.query-failed Parser Error: syntax error/)
  database.close()
})
