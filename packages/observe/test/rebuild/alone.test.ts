/** One rebuild at a time in a database, however many servers work on it; and none goes on over a database that may have lost what it wrote (OR7). */
import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { seededRandom } from '@chronicle/base'
import { silentLogger } from '@chronicle/telemetry'
import type { Database } from '../../src/database/contract.ts'
import { migrate } from '../../src/database/migrate.ts'
import { openDatabase } from '../../src/database/open.ts'
import { RebuildJobs } from '../../src/rebuild/jobs.ts'
import { retentionEveryMs } from '../../src/store/limits.ts'
import { Tables } from '../../src/store/tables.ts'
import { postgres, realPostgres } from '../support/databases.ts'
import { testClock } from '../support/log-house.ts'
import { nowMs, task } from '../support/store.ts'
import { ended, openRebuildHouse, outcomeOf, type RebuildHouse, request } from './rebuild-house.ts'

describe('rebuilds of several servers', { skip: realPostgres.skip }, () => {
  test('OR7: while one server rebuilds, another one neither does nor removes what the first has made', async t => {
    const { house, url } = await waiting(t)
    const clock = testClock(nowMs)
    const tables = new Tables({ place: () => ({ url }), clock, logger: silentLogger })
    const others = new RebuildJobs({ ...house, tables, clock, random: seededRandom(2), logger: silentLogger })
    others.start(request)
    await others.stop()
    const { state, error } = others.view
    assert.deepEqual([state, (error as { code?: string }).code], ['failed', 'observe.replay-running'])
    clock.advance(retentionEveryMs)
    await tables.stop()
    assert.equal((await shadows(house.database)).length, 1)

    house.jobs.putInForce()
    assert.equal(outcomeOf(await ended(house)), 'swapped')
    const again = new Tables({ place: () => ({ url }), clock, logger: silentLogger })
    const free = new RebuildJobs({ ...house, tables: again, clock, random: seededRandom(3), logger: silentLogger })
    free.start({ ...request, swap: 'never' })
    while (free.view.endedMs === undefined) await sleep(5)
    assert.equal(outcomeOf(free.view), 'compared')
    await again.stop()
  })

  test('OR7: where the connection breaks that keeps others out, the rebuild ends and the tables stay', async t => {
    const { house } = await waiting(t)
    const [holder] = await house.database.query<{ pid: number }>(
      `select pid from pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())`,
    )
    await house.database.query('select pg_terminate_backend($1)', [holder!.pid])
    const view = await ended(house)
    assert.deepEqual([view.state, (view.error as { code?: string }).code], ['failed', 'observe.database-unavailable'])
    assert.deepEqual(await shadows(house.database), [])
    const [row] = await house.database.query<{ status: string }>(
      `select status from swarm_traces where trace_id = 'one'`,
    )
    assert.equal(row!.status, 'pending')
  })
})

/** A server whose rebuild waits for somebody to agree. */
async function waiting(t: TestContext): Promise<{ house: RebuildHouse; url: string }> {
  const url = await (await postgres()).createDatabase()
  const database = await openDatabase({ url })
  await migrate(database)
  const house = await openRebuildHouse(t, database, { nowMs })
  await house.give(task('one', 'kai', 10))
  await database.script(`update swarm_traces set status = 'pending'`)
  house.jobs.start({ ...request, swap: 'ask' })
  while (house.jobs.view.state === 'running') await sleep(5)
  assert.equal(house.jobs.view.state, 'waiting', outcomeOf(house.jobs.view))
  return { house, url }
}

async function shadows(database: Database): Promise<string[]> {
  const rows = await database.query<{ name: string }>(
    `select nspname as name from pg_namespace where starts_with(nspname, 'observe_shadow_')`,
  )
  return rows.map(({ name }) => name)
}
