import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Database } from '../../src/database/contract.ts'
import { microsFromText } from '../../src/event/index.ts'
import { encodeCursor } from '../../src/store/cursor.ts'
import {
  agentsOfDay,
  eventPageBytesMax,
  eventsOfTrace,
  latestDayOf,
  listTraces,
  type Page,
  readTrace,
  type TraceFilter,
} from '../../src/store/queries.ts'
import { openMigrated, testDatabases } from '../support/databases.ts'
import { event, task, writerOf } from '../support/store.ts'

const day = 86_400

for (const databases of testDatabases) {
  describe(`what is asked of the tables: ${databases.name}`, { skip: databases.skip }, () => {
    let database: Database
    const sameTime = Array.from({ length: 5 }, () => event('tool.call', 8 * day, { traceId: 'spans' }))
    const spread = Array.from({ length: 12 }, (_, n) =>
      event('tool.call', n * day, { traceId: 'spans', source: `s${n}` }),
    )
    before(async () => {
      database = await openMigrated(databases)
      const tasks = Array.from({ length: 9 }, (_, n) =>
        task(`t${n}`, n % 2 ? 'kai' : 'scout', 10 + n, n < 3 ? n * day : 0),
      )
      const open = Array.from({ length: 4 }, () => event('task.created', 60, { traceId: `open-${Math.random()}` }))
      await writerOf(database).writer.write({
        events: [...sameTime, ...spread, ...tasks.flat(), ...open],
        positions: [],
      })
    })
    after(() => database.close())

    test("a trace's events come in the order of their times over all pages, each once", async () => {
      const expected = [...sameTime, ...spread].sort(
        (a, b) => a.timestampMicros - b.timestampMicros || (a.eventId < b.eventId ? -1 : 1),
      )
      for (const limit of [1, 3, 17, 100]) {
        const rows = await all(cursor => eventsOfTrace(database, 'spans', { limit, cursor }))
        assert.deepEqual(
          rows.map(row => row.event_id),
          expected.map(each => each.eventId),
        )
      }
      const { rows } = await eventsOfTrace(database, 'spans', { limit: 1 })
      const { timestamp, event_type, metadata, created_at } = rows[0]!
      assert.deepEqual([timestamp, event_type, metadata], ['2026-11-07T12:00:00.000000Z', 'tool.call', {}])
      assert.match(created_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/)
      assert.deepEqual(await eventsOfTrace(database, 'nobody', { limit: 5 }), { rows: [] })
    })

    test('traces come newest first, of one status or all, each once', async () => {
      for (const limit of [1, 4, 14, 50]) {
        const rows = await all(cursor => listTraces(database, { limit, cursor }))
        assert.equal(new Set(rows.map(row => row.trace_id)).size, 14)
        const times = rows.map(row => row.first_event_at)
        assert.deepEqual(times, times.toSorted().reverse())
        const pending = await all(cursor => listTraces(database, { limit, cursor, status: 'pending' }))
        assert.deepEqual(
          pending.map(row => row.status),
          ['pending', 'pending', 'pending', 'pending', 'pending'],
        )
      }
      assert.deepEqual(await listTraces(database, { limit: 3, status: 'failed' }), { rows: [] })
    })

    test('traces of an agent, of an owner, of a time; all of it together, and page by page', async () => {
      const ids = async (filter: TraceFilter) =>
        (await all(cursor => listTraces(database, { ...filter, limit: 2, cursor }))).map(row => row.trace_id).sort()
      assert.deepEqual(await ids({ agent: 'kai' }), ['t1', 't3', 't5', 't7'])
      assert.deepEqual(await ids({ agent: 'kai', status: 'pending' }), [])
      assert.deepEqual(await ids({ owner: 'nobody' }), [])
      const { rows } = await listTraces(database, { limit: 1, agent: 'kai' })
      const time = microsFromText(rows[0]!.first_event_at)!
      assert.deepEqual(await ids({ agent: 'kai', sinceMicros: time, untilMicros: time + 1 }), [rows[0]!.trace_id])
      assert.deepEqual(await ids({ agent: 'kai', sinceMicros: time, untilMicros: time }), [])
    })

    test('a page of large events ends with its bytes, and the next one goes on', async () => {
      const large = Array.from({ length: 20 }, (_, n) =>
        event('tool.call', n, { traceId: 'large', metadata: { text: 'x'.repeat(500_000) } }),
      )
      await writerOf(database).writer.write({ events: large, positions: [] })
      const first = await eventsOfTrace(database, 'large', { limit: 20 })
      assert.equal(first.rows.length, Math.ceil(eventPageBytesMax / 500_000))
      const rest = await eventsOfTrace(database, 'large', { limit: 20, cursor: first.next })
      assert.deepEqual([rest.rows.length, rest.next], [20 - first.rows.length, undefined])
    })

    test('a page does not change when newer traces come meanwhile', async () => {
      const first = await listTraces(database, { limit: 3 })
      const second = await listTraces(database, { limit: 3, cursor: first.next })
      await writerOf(database).writer.write({ events: [event('tool.call', -60, { traceId: 'newer' })], positions: [] })
      assert.deepEqual(await listTraces(database, { limit: 3, cursor: first.next }), second)
      assert.equal((await listTraces(database, { limit: 1 })).rows[0]!.trace_id, 'newer')
    })

    test('one trace, one agent, one day', async () => {
      const { status, assigned_agent, duration_ms, started_at, completed_at } = (await readTrace(database, 't4'))!
      assert.deepEqual(
        [status, assigned_agent, duration_ms, started_at, completed_at],
        ['completed', 'scout', 14_000, '2026-11-18T11:59:46.000000Z', '2026-11-18T12:00:00.000000Z'],
      )
      assert.equal(await readTrace(database, 'nobody'), undefined)
      const latest = (await latestDayOf(database, 'kai'))!
      assert.deepEqual([latest.metric_date, latest.tasks_completed, latest.utilization_pct], ['2026-11-18', 3, null])
      assert.equal(await latestDayOf(database, 'nobody'), undefined)
      const agentsOf = (limit: number) => all(cursor => agentsOfDay(database, '2026-11-18', { limit, cursor }))
      for (const limit of [1, 2]) assert.equal((await agentsOf(limit)).length, 2)
      const agents = (await agentsOf(10)).map(row => [row.agent_id, row.tasks_completed])
      assert.deepEqual(agents, [
        ['kai', 3],
        ['scout', 4],
      ])
      assert.deepEqual(await agentsOfDay(database, '2020-01-01', { limit: 1 }), { rows: [] })
    })

    test('a cursor that no list gave is refused', async () => {
      const time = '2026-11-07T12:00:00.000000Z'
      const made = (place: object) => Buffer.from(JSON.stringify(place)).toString('base64url')
      const wrong = [
        '',
        'x',
        '%',
        made({}),
        made({ at: time }),
        made({ at: 'now', id: 'x' }),
        made({ at: `${time}'`, id: 'x' }),
        made({ at: '2026-02-30T12:00:00.000000Z', id: 'x' }),
        made({ at: '0000-01-01T12:00:00.000000Z', id: 'x' }),
        made({ at: time, id: 'x\0' }),
        'A'.repeat(5_000),
      ]
      const wrongId = encodeCursor({ at: time, id: "' or true" })
      for (const cursor of wrong) {
        await assert.rejects(listTraces(database, { limit: 1, cursor }), { code: 'observe.invalid-cursor' }, cursor)
      }
      for (const cursor of [...wrong, wrongId, encodeCursor({ at: '2026-13-45T12:00:00.000000Z', id: 'x' })]) {
        await assert.rejects(
          eventsOfTrace(database, 'spans', { limit: 1, cursor }),
          { code: 'observe.invalid-cursor' },
          cursor,
        )
      }
      assert.deepEqual(
        await listTraces(database, {
          limit: 1,
          cursor: encodeCursor({ at: '2000-01-01T00:00:00.000000Z', id: "' or true" }),
        }),
        { rows: [] },
      )
    })
  })
}

async function all<Row>(page: (cursor: string | undefined) => Promise<Page<Row>>): Promise<Row[]> {
  const rows: Row[] = []
  let cursor: string | undefined
  do {
    const next = await page(cursor)
    rows.push(...next.rows)
    cursor = next.next
  } while (cursor !== undefined)
  return rows
}
