/** The tables of a swarm's day, damaged and rebuilt, against what they were and the model's own answer. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { storedTables, swarmDay, swarmTables, tableDifferences } from '@chronicle/testing'
import { openMigrated, testDatabases } from '../support/databases.ts'
import { deliveredEvents } from '../support/swarm-events.ts'
import { everything, openRebuildHouse, outcomeOf, rebuilt } from './rebuild-house.ts'

const seed = Number(process.env.SWARM_SEED ?? 4_711)
const day = swarmDay({ seed, agents: 6, traces: 60, hours: 8, heartbeatEveryMs: 600_000 })
const events = deliveredEvents(day)
const nowMs = day.options.startMs + 86_400_000
const again = `again: SWARM_SEED=${seed}`

for (const databases of testDatabases) {
  describe(`rebuild: ${databases.name}`, { skip: databases.skip }, () => {
    test('OR1, OR4: what somebody did to the tables is found as it was done, and gone after the swap', async t => {
      const house = await openRebuildHouse(t, await openMigrated(databases), { nowMs })
      const { database } = house
      await house.give(events)
      const before = await everything(database)
      assert.deepEqual(tableDifferences(await storedTables(database), swarmTables(day.events)), [], again)
      const equal = await rebuilt(house)
      assert.equal(outcomeOf(equal), 'compared')
      assert.deepEqual(
        equal.comparison!.map(({ table, onlyOld, onlyNew, different, examples }) => [
          table,
          onlyOld,
          onlyNew,
          different,
          examples,
        ]),
        [
          ['swarm_events', 0, 0, 0, []],
          ['swarm_traces', 0, 0, 0, []],
          ['agent_metrics', 0, 0, 0, []],
        ],
      )
      await database.script(`
        delete from swarm_events where event_id = (select min(event_id::text)::uuid from swarm_events);
        update swarm_events set source = 'nobody', metadata = '{}' where event_id = (select max(event_id::text)::uuid from swarm_events);
        delete from swarm_traces where trace_id = (select min(trace_id) from swarm_traces);
        update swarm_traces set span_count = span_count + 1 where trace_id = (select max(trace_id) from swarm_traces);
        insert into swarm_traces (trace_id, status, span_count, out_of_order, first_event_at, last_event_at, state)
          select 'invented', 'pending', 1, 0, max(first_event_at), max(first_event_at), '{}' from swarm_traces;
        delete from agent_metrics where (agent_id, metric_date) = (select agent_id, metric_date from agent_metrics order by 1, 2 limit 1)`)
      const found = await rebuilt(house)
      assert.equal(outcomeOf(found), 'swapped')
      assert.deepEqual(
        found.comparison!.map(({ table, onlyOld, onlyNew, different }) => [table, onlyOld, onlyNew, different]),
        [
          ['swarm_events', 0, 1, 1],
          ['swarm_traces', 1, 1, 1],
          ['agent_metrics', 0, 1, 0],
        ],
      )
      assert.deepEqual(found.comparison![0]!.columns, { metadata: 1, source: 1 })
      assert.deepEqual(await everything(database), before)
      assert.equal(outcomeOf(await rebuilt(house)), 'compared')
      assert.deepEqual(await everything(database), before)
    })
  })
}
