import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Database, Queries, Transaction } from '../../src/database/contract.ts'
import { CopyRows } from '../../src/database/copy-rows.ts'
import { testDatabases } from '../support/databases.ts'

for (const { name, skip, open } of testDatabases) {
  describe(`the contract of a database: ${name}`, { skip }, () => {
    let database: Database
    before(async () => {
      database = await open()
      await database.script(
        'create table kept (id int primary key, note text not null, few varchar(3)); create table other (n int)',
      )
    })
    after(() => database.close())

    test('values come back with the same types everywhere', async () => {
      const [row] = await database.query<Record<string, unknown>>(
        `select 9007199254740991::bigint as big, 7 as small, 1.50::numeric as exact, 0.25::float8 as double, true as truth,
          date '2026-11-21' as day, '{"a":[1,null,"x"]}'::jsonb as json, null::text as nothing,
          '0f8fad5b-d9cb-469f-a165-70867728950e'::uuid as id, (select count(*) from other) as none`,
      )
      assert.deepEqual(
        { ...row },
        {
          big: 9007199254740991,
          small: 7,
          exact: '1.50',
          double: 0.25,
          truth: true,
          day: '2026-11-21',
          json: { a: [1, null, 'x'] },
          nothing: null,
          id: '0f8fad5b-d9cb-469f-a165-70867728950e',
          none: 0,
        },
      )
    })

    test('values go in as they are, whatever they hold', async () => {
      const odd = `'; drop table kept; -- "\\{},NULL $1 é \u{1f600}`
      const [row] = await database.query<Record<string, unknown>>(
        'select $1::text as text, $2::text[] as list, $3::jsonb as json, $4::bigint as big, $5::boolean as truth, $6::text as nothing',
        [odd, [odd, '', 'null'], JSON.stringify({ odd }), 9007199254740991, false, null],
      )
      const expected = {
        text: odd,
        list: [odd, '', 'null'],
        json: { odd },
        big: 9007199254740991,
        truth: false,
        nothing: null,
      }
      assert.deepEqual({ ...row }, expected)
    })

    test('what reads sees one snapshot, whatever is committed meanwhile, and changes nothing', async () => {
      const count = async (queries: Queries) =>
        (await queries.query<{ n: number }>('select count(*) as n from other'))[0]!.n
      const before = await count(database)
      const [first, second] = await database.read(async queries => {
        const first = await count(queries)
        // The embedded database does one thing at a time: nobody gets between there.
        if (database.kind === 'postgresql') await database.query('insert into other values (1)')
        return [first, await count(queries)]
      })
      assert.deepEqual([first, second], [before, before])
      await assert.rejects(
        database.read(queries => queries.query('insert into other values (2)')),
        (error: { details?: object }) => Object.values(error.details ?? {}).includes('25006'),
      )
      await database.script('delete from other')
    })

    const isEmbedded = name === 'embedded'
    test('a statement that reads for too long is ended', { skip: isEmbedded && 'nobody can stop one' }, async () => {
      const reading = database.read(queries => queries.query('select pg_sleep(60)'), { statementMsMax: 50 })
      await assert.rejects(reading, { code: 'observe.query-timeout', details: { afterMs: 50 } })
      const [row] = await database.query<Record<string, string>>('show statement_timeout')
      assert.equal(row!.statement_timeout, '0')
    })

    test('a transaction that resolves is committed as a whole', async () => {
      const result = await database.transaction(async queries => {
        await queries.query('insert into kept (id, note) values ($1, $2)', [1, 'one'])
        await queries.script(
          `insert into kept (id, note) values (2, 'two'); insert into kept (id, note) values (3, 'three')`,
        )
        return 'done'
      })
      assert.equal(result, 'done')
      assert.equal((await database.query('select from kept')).length, 3)
    })

    test('a transaction whose work fails leaves nothing, and the error comes through as it is', async () => {
      const failure = new RangeError('changed my mind')
      const working = database.transaction(async queries => {
        await queries.query('insert into kept (id, note) values (10, $1)', ['ten'])
        throw failure
      })
      await assert.rejects(working, error => error === failure)
      const refused = database.transaction(async queries => {
        await queries.query('insert into kept (id, note) values (11, $1)', ['eleven'])
        await queries.query('insert into kept (id, note) values (11, $1)', ['eleven again'])
      })
      await assert.rejects(refused, { code: 'observe.data-refused' })
      assert.deepEqual(await database.query('select id from kept where id >= 10'), [])
      assert.equal(await database.transaction(async queries => (await queries.query('select 1')).length), 1)
    })

    test('rows are copied as they are, in the transaction; a copy that is refused leaves the transaction to be rolled back', async () => {
      const odd = `\t\n\\N "\\.\n{},'é \u{1f600}`
      const copying = async (transaction: Transaction, into: string, texts: readonly string[]) => {
        const rows = new CopyRows()
        for (const text of texts) {
          rows.row(3)
          rows.uuid('0f8fad5b-d9cb-469f-a165-70867728950e')
          rows.timestamptz(1_763_640_000_123_457)
          rows.text(text)
        }
        await (await transaction.copy(into, rows.end())).done
      }
      await database.script('create table copied (id uuid, at timestamptz, text text primary key)')
      await database.transaction(transaction => copying(transaction, 'copied (id, at, text)', [odd, '']))
      const copied = await database.query(
        'select id, (extract(epoch from at) * 1000000)::bigint as at, text from copied order by text',
      )
      const row = { id: '0f8fad5b-d9cb-469f-a165-70867728950e', at: 1_763_640_000_123_457 }
      assert.deepEqual(copied, [
        { ...row, text: '' },
        { ...row, text: odd },
      ])
      const twice = database.transaction(transaction => copying(transaction, 'copied', ['new', 'new']))
      await assert.rejects(twice, { code: 'observe.data-refused' })
      const nowhere = database.transaction(transaction => copying(transaction, 'nowhere', ['new']))
      await assert.rejects(nowhere, { code: 'observe.database-refused' })
      assert.equal((await database.query('select from copied')).length, 2)
    })

    test('transactions that are asked for at once run one behind the other', async () => {
      let running = 0
      const work = async () => {
        assert.equal(++running, 1)
        await new Promise(setImmediate)
        running--
      }
      await Promise.all(Array.from({ length: 4 }, () => database.transaction(work)))
    })

    test('what the data is at fault for is told apart from what the schema is, and no value is told', async () => {
      const secret = 'a-secret-value'
      const faults: [sql: string, values: string[], details: object][] = [
        [
          'insert into kept (id, note) values (1, $1)',
          [secret],
          { sqlstate: '23505', table: 'kept', constraint: 'kept_pkey' },
        ],
        [`insert into kept (id, note, few) values (20, 'note', $1)`, [secret], { sqlstate: '22001' }],
        ['select $1::int', [secret], { sqlstate: '22P02' }],
        ['select $1::jsonb', [JSON.stringify(`${secret}\0`)], { sqlstate: '22P05' }],
        ['select $1::timestamptz', [`9999999-01-01 ${secret}`], {}],
      ]
      for (const [sql, values, details] of faults) {
        await assert.rejects(database.query(sql, values), error => {
          const {
            code,
            details: told,
            message,
            cause,
          } = error as { code: string; details: object; message: string; cause: unknown }
          assert.equal(code, 'observe.data-refused', sql)
          assert.deepEqual({ ...told, ...details }, told)
          assert.ok(!message.includes(secret) && cause === undefined, message)
          return true
        })
      }
      for (const sql of [
        'select from nowhere',
        'select wrong from kept',
        'no sql at all',
        'select 1 / (select count(*) from kept where nope)',
      ]) {
        await assert.rejects(database.query(sql), { code: 'observe.database-refused' }, sql)
      }
    })

    test('a statement fails after a failed one without harm to the next', async () => {
      for (let n = 0; n < 12; n++) await assert.rejects(database.query('select 1/0'), { code: 'observe.data-refused' })
      assert.deepEqual(await database.query('select 1 as one'), [{ one: 1 }])
    })
  })
}
