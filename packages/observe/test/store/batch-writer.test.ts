import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import type { DeadLetter, LogMove } from '../../src/contract.ts'
import type { Database } from '../../src/database/contract.ts'
import { BatchWriter } from '../../src/store/batch-writer.ts'
import { openMigrated, testDatabases } from '../support/databases.ts'
import { clock, contentsOf, emptyTables, event, nowMs, task, writerOf } from '../support/store.ts'

const day = 86_400
const nothing = { inserted: 0, duplicates: 0, expired: 0, deadLettered: 0, traceIds: [] }

const move = (from: number | undefined, offset: number, partition = 0): LogMove => ({
  topicId: 'topic',
  partition,
  offset,
  from,
})

for (const databases of testDatabases) {
  describe(`batches into the tables: ${databases.name}`, { skip: databases.skip }, () => {
    let database: Database
    let writer: BatchWriter
    let letters: DeadLetter[]
    before(async () => {
      database = await openMigrated(databases)
    })
    beforeEach(async () => {
      await emptyTables(database)
      ;({ writer, letters } = writerOf(database))
    })
    after(() => database.close())

    const write = (...events: ReturnType<typeof event>[]) => writer.write({ events, positions: [] })
    const stored = async () => (await writer.positions()).map(({ offset }) => offset)
    const trace = async (id: string) =>
      (await database.query<Record<string, unknown>>('select * from swarm_traces where trace_id = $1', [id]))[0]
    const days = () =>
      database.query<Record<string, unknown>>('select * from agent_metrics order by agent_id, metric_date')

    test('events become a trace and a day of its agent', async () => {
      const report = await write(...task('t', 'scout', 90))
      assert.deepEqual(report, { inserted: 4, duplicates: 0, expired: 0, deadLettered: 0, traceIds: ['t'] })
      const { task_title, owner, status, assigned_agent, duration_ms, time_to_pickup_ms, span_count } = (await trace(
        't',
      ))!
      assert.deepEqual(
        [task_title, owner, status, assigned_agent, duration_ms, time_to_pickup_ms, span_count],
        ['Title of t', 'me', 'completed', 'scout', 90_000, 2_000, 4],
      )
      const [row] = await days()
      const { agent_id, metric_date, tasks_completed, avg_duration_ms, p95_duration_ms } = row!
      assert.deepEqual([agent_id, metric_date, tasks_completed], ['scout', '2026-11-18', 1])
      assert.deepEqual([avg_duration_ms, p95_duration_ms], [90_000, 90_000])
    })

    test('OD3: an event that comes again changes nothing, in its batch, in another one, or with another time', async () => {
      const events = task('t', 'scout', 90)
      await write(...events)
      const contents = await contentsOf(database)
      const other = {
        ...events[3]!,
        timestampMicros: events[3]!.timestampMicros - 8 * day * 1_000_000,
        traceId: 'other',
      }
      const report = await write(...events, ...events, other)
      assert.deepEqual(report, { inserted: 0, duplicates: 9, expired: 0, deadLettered: 0, traceIds: [] })
      assert.deepEqual(await contentsOf(database), contents)
    })

    test('OD3: of two events with one id in a batch the first one counts', async () => {
      const [first, second] = [event('a', 1), event('b', 9 * day)]
      const report = await write(first, { ...second, eventId: first.eventId })
      assert.deepEqual([report.inserted, report.duplicates], [1, 1])
      assert.deepEqual(await database.query('select event_type from swarm_events'), [{ event_type: 'a' }])
    })

    test('OD3: batches of a thousand find a single repetition among many weeks', async () => {
      const many = Array.from({ length: 1_000 }, (_, n) =>
        event('tool.call', (n % 29) * day, { traceId: `t${n % 50}` }),
      )
      assert.equal((await write(...many)).inserted, 1_000)
      const more = Array.from({ length: 999 }, (_, n) => event('tool.call', (n % 29) * day))
      const report = await write(...more.slice(0, 500), many[777]!, ...more.slice(500))
      assert.deepEqual([report.inserted, report.duplicates], [999, 1])
    })

    test('OD4: a late event moves what a trace added to another agent, day or outcome', async () => {
      await write(...task('t', 'scout', 90), ...task('u', 'scout', 50))
      await write(event('task.failed', day, { traceId: 't', source: 'warren', metadata: { error: 'no disk' } }))
      const rows = (await days()).map(row => [row.agent_id, row.metric_date, row.tasks_completed, row.tasks_failed])
      assert.deepEqual(rows, [
        ['scout', '2026-11-17', 0, 1],
        ['scout', '2026-11-18', 1, 0],
      ])
      assert.deepEqual([(await trace('t'))!.status, (await trace('t'))!.error], ['failed', 'no disk'])
    })

    test('OD4: the shortest and longest duration are found again when a late event takes them away', async () => {
      await write(...task('a', 'scout', 10), ...task('b', 'scout', 20), ...task('c', 'scout', 30))
      const extremes = async () =>
        (await days()).map(row => [row.min_duration_ms, row.max_duration_ms, row.p95_duration_ms])
      assert.deepEqual(await extremes(), [[10_000, 30_000, 30_000]])
      await write(
        event('task.failed', 2, { traceId: 'c', source: 'scout' }),
        event('task.timeout', 5, { traceId: 'a' }),
      )
      assert.deepEqual(await extremes(), [[5_000, 28_000, 28_000]])
    })

    test('OD4: a day of which nothing is left has no row', async () => {
      await write(...task('t', 'scout', 90))
      await write(event('task.assigned', 91, { traceId: 't', metadata: { agent: 'kai' } }))
      assert.deepEqual(
        (await days()).map(row => row.agent_id),
        ['kai'],
      )
    })

    test('heartbeats add up to the day of the event', async () => {
      const beat = (seconds: number, uptime_ms: number, busy_ms: number) =>
        event('agent.heartbeat', seconds, { source: 'kai', metadata: { uptime_ms, busy_ms } })
      await write(beat(10, 60_000, 20_000), beat(70, 60_000, 25_000), beat(day, 60_000, 0))
      const rows = (await days()).map(row => [row.metric_date, row.uptime_ms, row.busy_ms, row.utilization_pct])
      assert.deepEqual(rows, [
        ['2026-11-17', 60_000, 0, '0'],
        ['2026-11-18', 120_000, 45_000, '37.5'],
      ])
    })

    test('what is older than events are kept is left out; a clock far ahead becomes a dead letter', async () => {
      const ahead = event('a', -9 * day)
      const report = await write(event('a', 31 * day), event('a', 29 * day), event('a', -day), ahead)
      assert.deepEqual(report, { inserted: 2, duplicates: 0, expired: 1, deadLettered: 1, traceIds: ['trace-1'] })
      assert.deepEqual([letters.length, letters[0]!.reason], [1, 'clock'])
      assert.equal(JSON.parse(Buffer.from(letters[0]!.raw).toString()).event_id, ahead.eventId)
    })

    test('times keep their microseconds', async () => {
      const odd = event('a', 0, { timestampMicros: nowMs * 1000 + 123_457 })
      await write(odd)
      assert.equal(((await contentsOf(database)).events[0] as { at: number }).at, odd.timestampMicros)
    })

    test('OD2, OD11: positions commit with the events, from where the batch begins to where it ends, and again change nothing', async () => {
      const first = { events: [event('a', 1)], positions: [move(undefined, 5), move(undefined, 7, 1)] }
      await writer.write(first)
      assert.deepEqual(await writer.write(first), { ...nothing, duplicates: 1 })
      await writer.write({ events: [event('b', 1)], positions: [move(5, 9)] })
      assert.deepEqual(await stored(), [9, 7])
      // The log ends before it, and is read again (OL5).
      await writer.write({ events: [], positions: [move(9, 2), move(7, 8, 1)] })
      assert.deepEqual(await stored(), [2, 8])
    })

    test('OD11: a batch that does not begin where the tables are is refused, whichever partition is elsewhere, and leaves nothing', async () => {
      await writer.write({ events: [event('a', 1)], positions: [move(undefined, 5), move(undefined, 7, 1)] })
      const before = await contentsOf(database)
      for (const positions of [
        [move(6, 8)],
        [move(4, 8)],
        [move(undefined, 8)],
        [move(5, 8), move(6, 8, 1)],
        [move(5, 8), move(3, 4, 2)],
      ]) {
        const refused = { code: 'observe.positions-moved' }
        await assert.rejects(writer.write({ events: task('t', 'scout', 90), positions }), refused)
        assert.deepEqual([await stored(), await contentsOf(database)], [[5, 7], before])
      }
      await writer.write({ events: [], positions: [move(5, 8), move(7, 8, 1), move(undefined, 1, 2)] })
      assert.deepEqual(await stored(), [8, 8, 1])
    })

    test('OD2: a batch that fails at its end leaves nothing of it', async () => {
      await database.script('create table away as table observe_position; alter table observe_position rename to gone')
      const failing = writer.write({
        events: task('t', 'scout', 90),
        positions: [{ topicId: 'x', partition: 0, offset: 1, from: undefined }],
      })
      await assert.rejects(failing, { code: 'observe.database-refused' })
      await database.script('alter table gone rename to observe_position; drop table away')
      assert.deepEqual(await contentsOf(database), { events: [], traces: [], agents: [] })
    })

    test('OD5: what the tables refuse is isolated, becomes a dead letter with the reason, and the rest goes through', async () => {
      const bad = [event('a', 1, { metadata: { text: 'a \0 secret' } }), event('b', 2, { eventType: 'x\ud800' })]
      const good = Array.from({ length: 37 }, (_, n) => event('tool.call', n))
      const events = [...good.slice(0, 20), bad[0]!, ...good.slice(20), bad[1]!]
      const report = await writer.write({ events, positions: [move(undefined, events.length)] })
      assert.deepEqual(report, { inserted: 37, duplicates: 0, expired: 0, deadLettered: 2, traceIds: ['trace-1'] })
      assert.deepEqual(
        letters.map(letter => [letter.reason, letter.detail.match(/sqlstate: (.{5})/)?.[1]]),
        [
          ['database-refused', '22P05'],
          ['database-refused', '22021'],
        ],
      )
      assert.ok(letters.every(letter => !letter.detail.includes('secret')))
      assert.deepEqual(await stored(), [events.length])
      assert.equal((await trace('trace-1'))!.span_count, 37)
    })

    test('OD5: the same poison again is the same letter, and positions wait until letters are durable', async () => {
      const bad = event('a', 1, { metadata: { text: '\0' } })
      await write(bad)
      await write(bad)
      assert.equal(letters[0]!.id, letters[1]!.id)
      const failure = new Error('the log is full')
      const position = move(undefined, 1)
      const deadLetters = { add: () => Promise.reject(failure) }
      const failing = new BatchWriter({ database, deadLetters, clock })
      await assert.rejects(failing.write({ events: [bad], positions: [position] }), failure)
      assert.deepEqual(await writer.positions(), [])
    })

    test('OD5: an event of a week whose partition somebody dropped is no poison', async () => {
      await write(event('a', 8 * day))
      await database.script('drop table swarm_events_20261109')
      const report = await write(event('b', 8 * day), event('b', 0))
      assert.deepEqual([report.inserted, report.deadLettered], [2, 0])
      await database.script('drop table swarm_events_20261109')
      const alone = await write(event('c', 8 * day))
      assert.deepEqual([alone.inserted, alone.deadLettered], [1, 0])
    })

    test('what is computed from is not what was written there: the batch is refused and keeps, until that is repaired', async () => {
      await write(...task('t', 'kai', 10))
      for (const [table, good] of [
        ['swarm_traces', await database.query('select state from swarm_traces')],
        ['agent_metrics', await database.query('select state from agent_metrics')],
      ] as const) {
        for (const state of [
          '{}',
          'null',
          '[]',
          '{"spans":1,"lifecycle":1,"events":{"task.created":[{}]}}',
          '{"durations":{}}',
        ]) {
          await database.query(`update ${table} set state = $1::jsonb`, [state])
          const late = event('task.failed', 5, { traceId: 't' })
          await assert.rejects(write(late), { code: 'observe.tables-disagree' }, `${table} ${state}`)
        }
        await database.query(`update ${table} set state = $1::jsonb`, [
          JSON.stringify((good[0] as { state: object }).state),
        ])
      }
      assert.equal(letters.length, 0)
      assert.equal((await write(event('task.failed', 5, { traceId: 't' }))).inserted, 1)
    })

    test('odd ids and names are kept as they are', async () => {
      const odd = [' ', '$1', `'; drop table swarm_traces; --`, '\\', 'a\nb', 'null', '{"a"}', 'é\u{1f600}']
      await write(...odd.flatMap(name => task(name, `${name}.`, 10)))
      const traces = await database.query<{ trace_id: string }>(
        'select trace_id from swarm_traces order by trace_id collate "C"',
      )
      assert.deepEqual(
        traces.map(row => row.trace_id),
        odd,
      )
      const agents = await database.query<{ agent_id: string }>(
        'select agent_id from agent_metrics order by agent_id collate "C"',
      )
      assert.deepEqual(agents.map(row => row.agent_id).sort(), odd.map(name => `${name}.`).sort())
    })
  })
}
