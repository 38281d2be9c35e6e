/** What only a server can be asked: certificates, passwords, sessions that somebody else goes on with, and that it is not there. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { inspect } from 'node:util'
import { type RunningPostgres, startPostgres } from '@chronicle/testing'
import { migrate } from '../../src/database/migrate.ts'
import { openDatabase } from '../../src/database/open.ts'
import { applyRetention } from '../../src/store/retention.ts'
import { realPostgres } from '../support/databases.ts'
import { event, nowMs, task, writerOf } from '../support/store.ts'

describe('a PostgreSQL behind a URL', { skip: realPostgres.skip }, () => {
  let server: RunningPostgres
  let directory: string
  let certificate: string
  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'chronicle-certificate-'))
    const [key, cert] = [join(directory, 'server.key'), join(directory, 'server.crt')]
    const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1']
    execFileSync(
      'openssl',
      ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', ...subject, '-keyout', key, '-out', cert],
      { stdio: 'ignore' },
    )
    const files = { 'server.key': readFileSync(key, 'utf8'), 'server.crt': readFileSync(cert, 'utf8') }
    server = await startPostgres({ files, settings: { ssl: 'on', max_connections: '20' } })
    certificate = join(directory, 'server.crt')
  })
  after(async () => {
    await server?.stop()
    rmSync(directory, { recursive: true, force: true })
  })

  const isEncrypted = async (url: string): Promise<boolean> => {
    const database = await openDatabase({ url })
    try {
      const sql = 'select ssl from pg_stat_ssl where pid = pg_backend_pid()'
      return (await database.query<{ ssl: boolean }>(sql))[0]!.ssl
    } finally {
      await database.close()
    }
  }

  test('sslmode means what it means to libpq', async () => {
    assert.equal(await isEncrypted(`${server.url}?sslmode=disable`), false)
    assert.equal(await isEncrypted(`${server.url}?sslmode=require`), true)
    assert.equal(await isEncrypted(`${server.url}?application_name=x&sslmode=no-verify`), true)
    assert.equal(await isEncrypted(`${server.url}?sslmode=verify-full&sslrootcert=${certificate}`), true)
    assert.equal(await isEncrypted(`${server.url}?sslmode=verify-ca&sslrootcert=${certificate}`), true)
    await assert.rejects(isEncrypted(`${server.url}?sslmode=verify-full`), { code: 'observe.database-refused' })
    const otherName = `${server.url}?sslmode=verify-full&sslrootcert=${certificate}`.replace('127.0.0.1', 'localhost')
    await assert.rejects(isEncrypted(otherName), { code: 'observe.database-refused' })
  })

  test('a URL that is none is refused before anything is connected to, and not repeated', async () => {
    const wrong = ['', 'mysql://user:hunter2@host/db', 'postgres://user:hunter2@host:port/db']
    const missing = [
      'postgres://user:hunter2@host/db?sslmode=verify-ca',
      'postgres://user:hunter2@host/db?sslmode=verify-full&sslrootcert=/no/such/file',
    ]
    for (const url of [...wrong, ...missing]) {
      await assert.rejects(openDatabase({ url }), error => {
        assert.equal((error as { code: string }).code, 'observe.invalid-database-url', url)
        assert.ok(!inspect(error, { depth: 9 }).includes('hunter2'), url)
        return true
      })
    }
  })

  test('a wrong password is refused for good, and shown nowhere', async () => {
    const url = server.url.replace(server.password, 'hunter2')
    const database = await openDatabase({ url })
    await assert.rejects(database.query('select 1'), error => {
      const { code, details } = error as { code: string; details: { sqlstate: string } }
      assert.deepEqual([code, details.sqlstate], ['observe.database-refused', '28P01'])
      assert.ok(!inspect(error, { depth: 9 }).includes('hunter2'))
      return true
    })
    assert.ok(!inspect(database, { depth: 9 }).includes('hunter2'))
    await database.close()
  })

  test('OD7: a session keeps nothing of what was done in it, so a pooler may give it to somebody else', async () => {
    const url = await server.createDatabase()
    const database = await openDatabase({ url })
    const state = () =>
      database.transaction(queries =>
        queries.query(
          `select pg_backend_pid() as session, (select count(*) from pg_prepared_statements) as statements,
            (select count(*) from pg_locks where locktype = 'advisory') as locks, (select count(*) from pg_cursors) as cursors,
            current_setting('lock_timeout') as lock_timeout, (select count(*) from pg_settings where source = 'session') as settings`,
        ),
      )
    const fresh = await state()
    await migrate(database)
    await applyRetention(database, nowMs)
    const { writer } = writerOf(database)
    await writer.write({
      events: [...task('t', 'kai', 10), event('a', 1, { metadata: { text: '\0' } })],
      positions: [],
    })
    assert.deepEqual(await state(), fresh)
    await database.close()
  })

  test('a server that went away comes back to the same database object', async () => {
    const database = await openDatabase({ url: server.url })
    assert.equal((await database.query('select 1')).length, 1)
    await server.kill('SIGINT')
    for (let n = 0; n < 3; n++) {
      await assert.rejects(database.query('select 1'), { code: 'observe.database-unavailable' })
      await assert.rejects(
        database.transaction(async () => 1),
        { code: 'observe.database-unavailable' },
      )
    }
    await server.start()
    assert.equal((await database.query('select 1')).length, 1)
    assert.equal(await database.transaction(async () => 1), 1)
    await database.close()
  })

  test('OD2: of two writers on one database one waits for the other, and both are right', async () => {
    const url = await server.createDatabase()
    const [one, two] = [await openDatabase({ url }), await openDatabase({ url })]
    await migrate(one)
    // Different traces of the same agents, and then each those of the other.
    const traces = Array.from({ length: 80 }, (_, n) => task(`t${n}`, `agent-${n % 2}`, 10 + n))
    const write = async (database: typeof one, own: typeof traces, others: typeof traces) => {
      const { writer, letters } = writerOf(database)
      let inserted = 0
      for (const events of [...own, ...others]) inserted += (await writer.write({ events, positions: [] })).inserted
      assert.deepEqual(letters, [])
      return inserted
    }
    const [even, odd] = [traces.filter((_, n) => n % 4 < 2), traces.filter((_, n) => n % 4 >= 2)]
    const inserted = await Promise.all([write(one, even, odd), write(two, odd, even)])
    assert.equal(inserted[0] + inserted[1], 320)
    const counted = await one.query<{ tasks: number }>(
      'select tasks_completed as tasks from agent_metrics order by agent_id',
    )
    assert.deepEqual(
      counted.map(row => row.tasks),
      [40, 40],
    )
    await Promise.all([one.close(), two.close()])
  })
})
