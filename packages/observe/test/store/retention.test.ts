import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Database } from '../../src/database/contract.ts'
import { readPartitions, weekMs, weekOf } from '../../src/store/partitions.ts'
import { applyRetention } from '../../src/store/retention.ts'
import { embedded, openMigrated, testDatabases } from '../support/databases.ts'
import { event, nowMs, task, writerOf } from '../support/store.ts'

const day = 86_400
const dayMs = day * 1000

test('weeks begin on Monday at midnight, also before the epoch', () => {
  for (const [time, monday] of [
    ['2026-11-16T00:00:00.000Z', '2026-11-16'],
    ['2026-11-15T23:59:59.999Z', '2026-11-09'],
    ['2026-11-18T12:00:00.000Z', '2026-11-16'],
    ['1970-01-01T00:00:00.000Z', '1969-12-29'],
    ['2024-03-01T00:00:00.000Z', '2024-02-26'],
  ]) {
    assert.equal(new Date(weekOf(Date.parse(time!))).toISOString().slice(0, 10), monday)
  }
})

for (const databases of testDatabases) {
  describe(`retention: ${databases.name}`, { skip: databases.skip }, () => {
    test('OD6: partitions are made ahead once, and dropped when their whole week is past', async t => {
      const database = await opened(t)
      assert.deepEqual(await applyRetention(database, nowMs), {
        partitionsMade: 5,
        partitionsDropped: 0,
        tracesDeleted: 0,
      })
      assert.deepEqual(await applyRetention(database, nowMs), {
        partitionsMade: 0,
        partitionsDropped: 0,
        tracesDeleted: 0,
      })
      const week = weekOf(nowMs)
      assert.deepEqual(
        await readPartitions(database),
        [0, 1, 2, 3, 4].map(n => week + n * weekMs),
      )
      const { writer } = writerOf(database)
      await writer.write({ events: [event('a', 29 * day), event('b', 14 * day), event('c', 0)], positions: [] })
      // The oldest week is kept until its last moment is 30 days old.
      const endOfOldest = weekOf(nowMs - 29 * dayMs) + weekMs
      assert.equal((await applyRetention(database, endOfOldest + 30 * dayMs - 1)).partitionsDropped, 0)
      assert.equal((await applyRetention(database, endOfOldest + 30 * dayMs)).partitionsDropped, 1)
      const left = await database.query<{ event_type: string }>('select event_type from swarm_events order by 1')
      assert.deepEqual(
        left.map(row => row.event_type),
        ['b', 'c'],
      )
    })

    test('OD6: traces go when their last event is 90 days old, more than one portion of them; days of agents stay', async t => {
      const database = await opened(t)
      const { writer } = writerOf(database)
      await writer.write({
        events: [...task('old', 'kai', 10, 5 * day), ...task('long', 'kai', 4 * day, 0)],
        positions: [],
      })
      await database.query(
        `insert into swarm_traces (trace_id, status, span_count, out_of_order, first_event_at, last_event_at, state)
          select 'many-' || n, 'pending', 1, 0, $1::timestamptz, $1::timestamptz, '{}' from generate_series(1, 5001) n`,
        [new Date(nowMs - 5 * dayMs).toISOString()],
      )
      assert.equal((await applyRetention(database, nowMs + 85 * dayMs - 1)).tracesDeleted, 0)
      assert.equal((await applyRetention(database, nowMs + 85 * dayMs + 4000)).tracesDeleted, 5_002)
      assert.deepEqual(await database.query('select trace_id from swarm_traces'), [{ trace_id: 'long' }])
      assert.equal((await database.query('select from agent_metrics')).length, 2)
    })

    async function opened(t: { after(action: () => Promise<void>): void }): Promise<Database> {
      const database = await openMigrated(databases)
      t.after(() => database.close())
      return database
    }
  })
}

test('the embedded database uses the room of replaced rows again', async t => {
  const database = await openMigrated(embedded)
  t.after(() => database.close())
  await database.query(
    `insert into swarm_traces (trace_id, status, span_count, out_of_order, first_event_at, last_event_at, state)
      select 'many-' || n, 'pending', 1, 0, $1::timestamptz, $1::timestamptz, '{}' from generate_series(1, 2000) n`,
    [new Date(nowMs).toISOString()],
  )
  const sizes: number[] = []
  for (let n = 0; n < 8; n++) {
    // A column of an index: PostgreSQL reuses the room of other columns without being told.
    await database.query('update swarm_traces set status = $1', [`status ${n}`])
    await applyRetention(database, nowMs)
    sizes.push(
      (await database.query<{ bytes: number }>(`select pg_total_relation_size('swarm_traces') as bytes`))[0]!.bytes,
    )
  }
  assert.ok(sizes[7]! < 1.5 * sizes[2]!, sizes.join(' '))
})
