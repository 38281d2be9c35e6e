import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Key, type Portion, portionsOf, within } from '../../src/rebuild/portions.ts'
import { testDatabases } from '../support/databases.ts'

const names: Key = [{ name: 'name', type: 'text' }]
const days: Key = [
  { name: 'name', type: 'text' },
  { name: 'day', type: 'date' },
]

for (const databases of testDatabases) {
  describe(`portions: ${databases.name}`, { skip: databases.skip }, () => {
    test('each row of tables with one key lies in one portion, and no portion has more of a table than its size', async t => {
      const database = await databases.open()
      t.after(() => database.close())
      await database.script(`create table a (name text, day date); create table b (name text, day date); create table c (name text, day date);
        insert into a select 'n' || n % 40, date '2026-11-01' + n / 40 from generate_series(1, 130) n;
        insert into b select 'n' || n % 55, date '2026-11-02' + n / 55 from generate_series(1, 90) n`)
      for (const key of [names, days]) {
        for (const tables of [['a'], ['a', 'b'], ['b', 'c'], ['c']]) {
          const rows: Record<string, number> = {}
          let portions = 0
          for await (const portion of portionsOf(database, tables, key, 7)) {
            portions++
            for (const table of tables) {
              const found = await distinctIn(table, portion, key)
              // Rows with the key of the last one belong to it as well.
              assert.ok(key === names || found <= 7, `${found} of ${table}`)
              rows[table] = (rows[table] ?? 0) + found
            }
          }
          assert.deepEqual(rows, Object.fromEntries(tables.map(table => [table, { a: 130, b: 90, c: 0 }[table]])))
          assert.ok(portions <= Math.ceil(220 / 7) + 1, `${portions} portions`)
        }
      }

      async function distinctIn(table: string, portion: Portion, key: Key): Promise<number> {
        const values: string[] = []
        const isWithin = within(portion, key, 'each', values)
        const found = await database.query(`select from ${table} as each where ${isWithin}`, values)
        return found.length
      }
    })
  })
}
