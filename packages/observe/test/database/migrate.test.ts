import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Database } from '../../src/database/contract.ts'
import { type Migration, migrate, readMigrations } from '../../src/database/migrate.ts'
import { openDatabase } from '../../src/database/open.ts'
import { postgres, realPostgres, testDatabases } from '../support/databases.ts'

for (const { name, skip, open } of testDatabases) {
  describe(`migrations: ${name}`, { skip }, () => {
    test('OD1: an empty database gets the tables once', async t => {
      const database = await opened(t, open)
      const names = (await readMigrations()).map(each => each.name)
      assert.deepEqual(await migrate(database), { version: names.length, applied: names })
      assert.deepEqual(await migrate(database), { version: names.length, applied: [] })
      for (const table of ['swarm_events', 'swarm_traces', 'agent_metrics', 'observe_position']) {
        assert.deepEqual(await database.query(`select from ${table}`), [])
      }
    })

    test('OD1: only what is missing is applied, and it is all or nothing', async t => {
      const database = await opened(t, open)
      await migrate(database, [first])
      assert.deepEqual(await migrate(database, [first, second]), { version: 2, applied: ['second'] })
      const broken = [first, second, { ...third, sql: 'create table c (n int); select from nowhere' }]
      await assert.rejects(migrate(database, broken), { code: 'observe.database-refused' })
      assert.deepEqual(await tables(database), ['a', 'b', 'observe_migrations'])
      assert.deepEqual(await migrate(database, [first, second, third]), { version: 3, applied: ['third'] })
    })

    test('OD1: a database of a newer program is refused and not touched', async t => {
      const database = await opened(t, open)
      await migrate(database, [first, second])
      const refused = migrate(database, [first])
      await assert.rejects(refused, { code: 'observe.schema-newer', details: { database: 2, program: 1 } })
      assert.deepEqual(await tables(database), ['a', 'b', 'observe_migrations'])
    })

    test('OD1: a migration that is not the one that was applied is refused', async t => {
      const database = await opened(t, open)
      await migrate(database, [first, second])
      for (const changed of [
        { ...first, checksum: 'other' },
        { ...first, version: 7 },
      ]) {
        const refused = migrate(database, [changed, second, third])
        await assert.rejects(refused, { code: 'observe.schema-differs', details: { version: 1, migration: 'first' } })
      }
      assert.deepEqual(await tables(database), ['a', 'b', 'observe_migrations'])
    })
  })
}

const { skip } = realPostgres

test('OD1: of several processes that start at once one migrates', { skip }, async () => {
  const url = await (await postgres()).createDatabase()
  const databases = await Promise.all(Array.from({ length: 4 }, () => openDatabase({ url })))
  const reports = await Promise.all(databases.map(database => migrate(database)))
  const applied = (await readMigrations()).length
  assert.deepEqual(reports.map(report => report.applied.length).sort(), [0, 0, 0, applied])
  await Promise.all(databases.map(database => database.close()))
})

test('versions count from 1 without a gap', async () => {
  const versions = (await readMigrations()).map(({ version }) => version)
  assert.deepEqual(
    versions,
    versions.map((_, index) => index + 1),
  )
})

const first: Migration = { version: 1, name: 'first', sql: 'create table a (n int)', checksum: '1' }
const second: Migration = { version: 2, name: 'second', sql: 'create table b (n int)', checksum: '2' }
const third: Migration = { version: 3, name: 'third', sql: 'create table c (n int)', checksum: '3' }

async function opened(
  t: { after(action: () => Promise<void>): void },
  open: () => Promise<Database>,
): Promise<Database> {
  const database = await open()
  t.after(() => database.close())
  return database
}

async function tables(database: Database): Promise<string[]> {
  const rows = await database.query<{ name: string }>(
    `select table_name as name from information_schema.tables where table_schema = 'public' order by 1`,
  )
  return rows.map(row => row.name)
}
