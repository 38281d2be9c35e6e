/** Rebuilds that end in the midst, at any statement: the tables in force are the old ones or the new ones, and a later rebuild succeeds (OR3). */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import type { Database } from '../../src/database/contract.ts'
import { applyRetention } from '../../src/store/index.ts'
import { embedded, openMigrated, testDatabases } from '../support/databases.ts'
import { emptyTables, nowMs, task } from '../support/store.ts'
import { broken, interrupted } from './interrupted-database.ts'
import { ended, everything, openRebuildHouse, outcomeOf, type RebuildHouse, rebuilt } from './rebuild-house.ts'

/** Deaths at some statements of the swap and of what comes before it, and at each of the last, which hold its commit; REBUILD_FAULTS=all: at every statement. */
const swapStatements = 30
const lastStatements = 5
const all = process.env.REBUILD_FAULTS === 'all'
const firstDeath = all ? 0 : 4

for (const databases of testDatabases) {
  // The embedded one runs the same statements, in more time.
  const isBrief = databases === embedded && !all
  const [stride, swapStride] = all ? [1, 1] : isBrief ? [50, 12] : [30, 6]
  const strideFrom = (left: number): number => (left > swapStatements ? stride : left > lastStatements ? swapStride : 1)
  describe(`faults: ${databases.name}`, { skip: databases.skip }, () => {
    let database: Database
    before(async () => {
      database = await openMigrated(databases)
    })
    beforeEach(() => emptyTables(database))
    after(() => database.close())

    test('OR3: a death at any statement leaves the old tables or the new ones, and nothing of it is left after the next', async t => {
      let done = 0
      let dies = Number.POSITIVE_INFINITY
      const dying = interrupted(database, {
        before: async () => {
          if (done++ >= dies) throw broken()
        },
      })
      const house = await openRebuildHouse(t, lent(database), { nowMs, through: dying })
      const { right, damaged } = await twoStates(house)
      assert.equal(outcomeOf(await rebuilt(house)), 'swapped')
      const [statements, counts] = [done, { old: 0, new: 0 }]
      for (dies = firstDeath; ; dies += strideFrom(statements - dies)) {
        await damage(database)
        done = 0
        await rebuilt(house)
        // It came to its end before.
        if (done <= dies) break
        const tables = await everything(database)
        const isNew = isDeepStrictEqual(tables, right)
        if (!isNew) assert.deepEqual(tables, damaged, `after ${dies} of ${statements} statements`)
        counts[isNew ? 'new' : 'old']++
      }
      assert.ok(counts.old > 5 && counts.new > 0, JSON.stringify(counts))
      assert.deepEqual(await everything(database), right)
      assert.deepEqual(await schemas(database), [])
    })

    test('OR3: where only the answer to a commit is lost the swap has happened once', async t => {
      let answers = Number.MAX_SAFE_INTEGER
      const losing = interrupted(database, {
        after: async () => {
          if (--answers === 0) throw broken()
        },
      })
      const house = await openRebuildHouse(t, lent(database), { nowMs, through: losing })
      const { right, damaged } = await twoStates(house)
      assert.equal(outcomeOf(await rebuilt(house)), 'swapped')
      const commits = Number.MAX_SAFE_INTEGER - answers
      let swapped = 0
      for (let n = commits - (isBrief ? 2 : 5); n <= commits; n++) {
        await damage(database)
        answers = n
        const view = await rebuilt(house)
        const isNew = view.state === 'swapped'
        assert.deepEqual(await everything(database), isNew ? right : damaged, `${n} of ${commits}: ${outcomeOf(view)}`)
        if (isNew) swapped++
      }
      assert.equal(swapped, 2, 'those where the answer to the swap was lost, or to the removal of what it left')
    })

    test('OR3: a rebuild that is cancelled at any statement has changed nothing', async t => {
      let left = Number.POSITIVE_INFINITY
      const house: RebuildHouse = await openRebuildHouse(t, lent(database), {
        nowMs,
        through: interrupted(database, {
          before: async () => {
            if (--left === 0) house.jobs.cancel()
          },
        }),
      })
      const { damaged } = await twoStates(house)
      for (const n of isBrief ? [60] : [1, 20, 60, 75]) {
        left = n
        house.jobs.start({ from: 'beginning', swap: 'ask', keepOld: false })
        while (house.jobs.view.state === 'running') await new Promise(setImmediate)
        if (house.jobs.view.state === 'waiting') house.jobs.cancel()
        assert.equal((await ended(house)).state, 'cancelled')
        assert.deepEqual(await everything(database), damaged)
        assert.deepEqual(await schemas(database), [])
      }
    })
  })
}

/** Open for the tests to come. */
function lent(database: Database): Database {
  return { ...interrupted(database, {}), close: async () => undefined }
}

/** The tables as events make them, and as somebody has left them. */
async function twoStates(house: RebuildHouse) {
  await house.give([...task('one', 'kai', 10), ...task('two', 'mia', 20, 60), ...task('three', 'kai', 5, 86_400)])
  await applyRetention(house.database, nowMs)
  const right = await everything(house.database)
  await damage(house.database)
  return { right, damaged: await everything(house.database) }
}

async function damage(database: Database): Promise<void> {
  await database.script(`update swarm_traces set status = 'pending' where trace_id = 'one';
    update agent_metrics set tasks_completed = 7 where agent_id = 'kai'`)
}

async function schemas(database: Database): Promise<string[]> {
  const rows = await database.query<{ name: string }>(
    `select nspname as name from pg_namespace where nspname like 'observe_%' order by 1`,
  )
  return rows.map(({ name }) => name)
}
