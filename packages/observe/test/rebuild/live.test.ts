/** Events that come while the tables are rebuilt, readers while they are replaced, and a projector that cannot get on without it. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { storedTables, swarmDay, swarmTables, tableDifferences } from '@chronicle/testing'
import { eventsTopic } from '../../src/log/topics.ts'
import { removeLeftovers } from '../../src/rebuild/schemas.ts'
import { applyRetention, eventsOfTrace, listTraces } from '../../src/store/index.ts'
import { readPartitions } from '../../src/store/partitions.ts'
import { embedded, openMigrated, realPostgres, testDatabases } from '../support/databases.ts'
import { dayMs } from '../support/log-house.ts'
import { event, nowMs, task } from '../support/store.ts'
import { deliveredEvents } from '../support/swarm-events.ts'
import { interrupted } from './interrupted-database.ts'
import { everything, openRebuildHouse, outcomeOf, type RebuildHouse, rebuilt } from './rebuild-house.ts'

const seed = Number(process.env.SWARM_SEED ?? 4_711)
const again = `again: SWARM_SEED=${seed}`
const day = swarmDay({ seed, agents: 5, traces: 60, hours: 8, heartbeatEveryMs: 900_000 })
const events = deliveredEvents(day)
/** A few for each statement of a rebuild, up to its last ones. */
const comingMax = 330
const endMs = day.options.startMs + dayMs

for (const databases of testDatabases) {
  describe(`while it runs: ${databases.name}`, { skip: databases.skip }, () => {
    // The second has all that the first has; the embedded database runs the same statements, in more time.
    for (const isTrimmed of databases === embedded ? [true] : [false, true]) {
      test(`OR5: events between any two statements are there once${isTrimmed ? ', also those that leave the log meanwhile' : ''}`, async t => {
        const database = await openMigrated(databases)
        const coming = events.slice(-comingMax)
        let isOver = true
        const feeding = interrupted(database, {
          before: async () => {
            const next = isOver ? [] : coming.splice(0, 3)
            if (next.length === 0) return
            await house.intake.take(next)
            // Some of them are in the tables before the next statement, some are not.
            house.clock.advance(5_000)
            for (let turns = next.length; turns > 0; turns--) await setImmediate()
            const { logEndOffset } = house.log.partition(eventsTopic, 0)!
            const { bufferSize } = house.projector.status
            if (isTrimmed) await house.log.deleteRecords(eventsTopic, 0, logEndOffset - bufferSize)
          },
        })
        const house: RebuildHouse = await openRebuildHouse(t, database, { nowMs: endMs, through: feeding })
        await house.give(events.slice(0, -comingMax))
        await damage(house)
        isOver = false
        assert.equal(outcomeOf(await rebuilt(house)), 'swapped')
        isOver = true
        assert.ok(coming.length < comingMax / 4, 'most of them came while it ran')
        await house.give(coming)
        await house.caughtUp()
        assert.deepEqual(tableDifferences(await storedTables(database), swarmTables(day.events)), [], again)
        const found = await rebuilt(house, { swap: 'never' })
        assert.deepEqual(
          found.comparison!.flatMap(({ examples }) => examples),
          [],
          again,
        )
      })
    }

    test('OR6: a batch that the damaged tables do not take does not keep the rebuild that repairs them from its turn', async t => {
      const house = await openRebuildHouse(t, await openMigrated(databases), { nowMs })
      const { database, projector, clock, intake } = house
      await house.give(task('one', 'kai', 10, 60))
      await database.script('delete from agent_metrics')
      // It ends earlier than was known: what it added to its day is to be taken away.
      await intake.take([event('task.failed', 65, { traceId: 'one' })])
      clock.advance(5_000)
      while (projector.status.state !== 'retrying') await setImmediate()
      assert.match(projector.status.reason!, /What the tables hold for computing their rows does not fit together/)
      assert.equal(outcomeOf(await rebuilt(house)), 'swapped')
      await house.caughtUp()
      assert.deepEqual(await database.query('select tasks_completed, tasks_failed from agent_metrics'), [
        { tasks_completed: 0, tasks_failed: 1 },
      ])
    })

    test('OR3: what is in force after a swap is tended as before: partitions, retention, grants, what was replaced', async t => {
      const house = await openRebuildHouse(t, await openMigrated(databases), { nowMs })
      const { database } = house
      await applyRetention(database, nowMs)
      await house.give([...task('one', 'kai', 10, 86_400 * 20), ...task('two', 'mia', 10)])
      const partitions = await readPartitions(database)
      const indexes = `select indexname as name from pg_indexes where schemaname = current_schema() order by 1`
      const before = await database.query(indexes)
      await database.script(
        'create role reads_tables; grant select on swarm_traces to reads_tables; grant select on agent_metrics to public',
      )
      await damage(house)
      assert.equal(outcomeOf(await rebuilt(house, { keepOld: true })), 'swapped')
      assert.deepEqual(await readPartitions(database), partitions)
      assert.deepEqual(await database.query(indexes), before)
      const allowed =
        await database.query(`select has_table_privilege('reads_tables', 'swarm_traces', 'select') as traces,
        has_table_privilege('reads_tables', 'agent_metrics', 'select') as days, has_table_privilege('reads_tables', 'swarm_events', 'select') as events`)
      assert.deepEqual(allowed, [{ traces: true, days: true, events: false }])
      assert.deepEqual(await database.query('select distinct owner from observe_before.swarm_traces'), [
        { owner: 'nobody' },
      ])
      assert.deepEqual(await removeLeftovers(database, nowMs + 7 * dayMs - 1), [])
      assert.deepEqual(await removeLeftovers(database, house.clock.now() + 7 * dayMs), ['observe_before'])
      const { partitionsDropped } = await applyRetention(database, nowMs + 20 * dayMs)
      assert.equal(partitionsDropped, 1)
      await house.give([event('agent.wake', 0)])
      assert.equal((await database.query('select from swarm_events')).length, 5)
    })

    test('a schema that is not ours is left alone, and the tables with it', async t => {
      const house = await openRebuildHouse(t, await openMigrated(databases), { nowMs })
      const { database } = house
      await house.give(task('one', 'kai', 10))
      await damage(house)
      const before = await everything(database)
      await database.script('create schema observe_before; create table observe_before.mine ()')
      assert.match(
        outcomeOf(await rebuilt(house)),
        /^failed: .*under a name that a rebuild needs \(schema: observe_before\)/,
      )
      assert.deepEqual(await everything(database), before)
      await database.query('select from observe_before.mine')
    })
  })
}

test('OR3: readers see the old tables or the new ones, and no error', { skip: realPostgres.skip }, async t => {
  const house = await openRebuildHouse(t, await openMigrated(realPostgres), { nowMs })
  const { database } = house
  await house.give(Array.from({ length: 40 }, (_, n) => task(`trace-${n}`, `agent-${n % 3}`, 10 + n)).flat())
  let isOver = false
  const seen = { damaged: 0, right: 0 }
  const reading = Array.from({ length: 3 }, async () => {
    while (!isOver) {
      const { owners, spans } = await database.read(async queries => {
        const { rows } = await listTraces(queries, { limit: 100 })
        const { rows: found } = await eventsOfTrace(queries, rows[0]!.trace_id, { limit: 10 })
        return { owners: rows.map(({ owner }) => owner), spans: found.length }
      })
      assert.equal(spans, 4)
      const isDamaged = owners.every(owner => owner === 'nobody')
      assert.ok(isDamaged || owners.every(owner => owner === 'me'), 'all of one or all of the other')
      assert.equal(owners.length, 40)
      seen[isDamaged ? 'damaged' : 'right']++
    }
  })
  for (let n = 0; n < 4; n++) {
    await damage(house)
    assert.equal(outcomeOf(await rebuilt(house)), 'swapped')
  }
  isOver = true
  await Promise.all(reading)
  assert.ok(seen.damaged > 0 && seen.right > 0, JSON.stringify(seen))
})

async function damage({ database }: RebuildHouse): Promise<void> {
  await database.script(`update swarm_traces set owner = 'nobody'`)
}
