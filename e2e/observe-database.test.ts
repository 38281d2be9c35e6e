/**
 * A swarm's day while its PostgreSQL is stopped, killed in the middle of transactions, cut off and held up. Everything that was acknowledged is in the tables
 * once, the alert is raised and cleared, and the lag is shown meanwhile. `SWARM_SEED=4711 npm test -- e2e/observe-database` repeats the day.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { openDatabase } from '@chronicle/observe'
import { type RunningPostgres, type TcpProxy, withoutNatsServer, withoutPostgres } from '@chronicle/testing'
import { openHouse } from './observe/house.ts'
import { eventually } from './observe/server.ts'
import { differences, Load, recentDay, storedEvents, swarmSeed } from './observe/swarm.ts'

const skip = withoutPostgres() || withoutNatsServer()
const day = recentDay({ agents: 10, traces: 200, heartbeatEveryMs: 1_200_000, malformedRate: 0.01 })
const again = `again: SWARM_SEED=${swarmSeed}`

// They wait more than they work.
describe('a database that fails', { concurrency: 2 }, () => {
  test('PostgreSQL is stopped, killed in the middle of transactions, cut off and held up: every event is there once', {
    skip,
  }, async t => {
    const { server, senders, postgres, postgresProxy: proxy, alerts } = await openHouse(t)
    const load = new Load(day, senders)
    await load.upTo(0.1)

    await Promise.all([load.upTo(0.4), postgres.kill('SIGINT')])
    await eventually(() => server.hasAlert('write_failure'))
    assert.ok((await server.waiting()) > 0, 'the lag is in the metrics')
    const { status, buffer_size: lag, database, alerts: standing } = await server.observeHealth()
    assert.deepEqual([status, database.state, standing.map(({ name }) => name)], ['warn', 'failing', ['write_failure']])
    assert.ok(lag > 0, 'and on the API')
    await postgres.start()
    await eventually(async () => !(await server.hasAlert('write_failure')), 'the alert is cleared')

    for (const part of [0.5, 0.6, 0.7]) {
      await Promise.all([load.upTo(part), postgres.kill('SIGQUIT')])
      await postgres.start()
    }

    const sending = load.upTo(0.8)
    proxy.cut()
    await sending
    proxy.shut()
    await load.upTo(0.9)
    await server.until('observe', 'warn')
    proxy.open()
    await server.until('observe', 'pass')

    proxy.hold()
    await load.upTo(1)
    assert.ok((await server.waiting()) > 0)
    proxy.release()
    await eventually(async () => (await storedEvents(postgres.url)) >= day.events.length)
    assert.deepEqual(await differences({ url: postgres.url }, day), [], again)
    assert.deepEqual(alerts.slice(0, 2), ['write_failure raised', 'write_failure cleared'])
    const view = await server.observeHealth()
    assert.deepEqual([view.status, view.buffer_size, view.database.state, view.alerts], ['pass', 0, 'open', []])
    assert.deepEqual(await server.stop(), { code: 0, signal: null })
  })

  test('a server whose database is away is ready, takes events in, and writes them when it comes; it outlives a restart while idle, and a restore', {
    skip,
  }, async t => {
    const { server, senders, postgres, postgresProxy: proxy } = await openHouse(t)
    const load = new Load(day, senders)
    await server.stop()
    proxy.shut()
    await server.start()
    await load.upTo(0.2)
    await server.until('observe', 'warn')
    assert.ok((await server.waiting()) > 0)
    assert.equal((await server.health()).status, 'warn', 'it serves')
    proxy.open()
    await server.untilWritten(senders)

    await postgres.kill('SIGINT')
    await postgres.start()
    await load.upTo(0.4)
    await server.untilWritten(senders)

    // Restored from a backup, while events come (OD11).
    await withoutSessions(postgres, proxy, 'create database backup template postgres')
    await load.upTo(0.5)
    await server.untilWritten(senders)
    await Promise.all([
      load.upTo(0.6),
      withoutSessions(postgres, proxy, 'drop database postgres', 'alter database backup rename to postgres'),
    ])
    await eventually(() => server.log.includes('The tables are not where the batch begins'))

    proxy.hold()
    await load.upTo(0.7)
    const begun = Date.now()
    assert.deepEqual(
      await server.stop(),
      { code: 0, signal: null },
      `it ends although the database does not answer\n${server.log.slice(-2_000)}`,
    )
    t.diagnostic(`${Date.now() - begun} ms`)
    proxy.release()
    await server.start()
    const sending = load.upTo(1)
    await server.stop()
    await server.start()
    await sending
    await eventually(async () => (await storedEvents(postgres.url)) >= day.events.length)
    assert.deepEqual(await differences({ url: postgres.url }, day), [], again)
  })

  test('a database that refuses the login keeps nothing out of the log, and its URL is not shown', {
    skip,
  }, async t => {
    const { server, senders, postgres } = await openHouse(t, {
      DATABASE_URL: 'postgres://chronicle:hunter2@127.0.0.1:1/x',
    })
    const load = new Load(day, senders)
    await load.upTo(0.1)
    await eventually(async () => /ECONNREFUSED/.test((await server.health()).checks.observe!.reason))
    assert.doesNotMatch(JSON.stringify([server.log, await server.health()]), /hunter2/)
    await server.stop()
    await server.start({ DATABASE_URL: postgres.url.replace(postgres.password, 'hunter2') })
    await eventually(async () => /28P01/.test((await server.health()).checks.observe!.reason))
    await load.upTo(0.2)
    assert.doesNotMatch(JSON.stringify([server.log, await server.health()]), /hunter2/)
    await server.stop()
    await server.start({ DATABASE_URL: postgres.url })
    await load.upTo(1)
    await eventually(async () => (await storedEvents(postgres.url)) >= day.events.length)
    assert.deepEqual(await differences({ url: postgres.url }, day), [], again)
  })
})

/** Runs statements that want nobody in the database. */
async function withoutSessions(postgres: RunningPostgres, proxy: TcpProxy, ...statements: string[]): Promise<void> {
  proxy.shut()
  const other = await openDatabase({ url: postgres.url.replace(/postgres$/, 'template1') })
  await other.query(`select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = 'postgres'`)
  for (const statement of statements) await other.script(statement)
  await other.close()
  proxy.open()
}
