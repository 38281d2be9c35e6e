/** Tables that reach further back than the log: what it does not hold any more is carried over, and nothing of it is lost or counted twice. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Random, seededRandom } from '@chronicle/base'
import type { JsonObject, SwarmEvent } from '../../src/contract.ts'
import { uuidFrom } from '../../src/event/index.ts'
import { eventsTopic } from '../../src/log/topics.ts'
import { applyRetention } from '../../src/store/index.ts'
import { openMigrated, testDatabases } from '../support/databases.ts'
import { dayMs } from '../support/log-house.ts'
import { everything, openRebuildHouse, outcomeOf, type RebuildHouse, rebuilt } from './rebuild-house.ts'

const seed = Number(process.env.REBUILD_SEED ?? 4_711)
const again = `again: REBUILD_SEED=${seed}`
/** A Wednesday. */
const firstMs = Date.UTC(2026, 6, 1, 9)
const days = 110
const daysAtOnce = 5
/** The log holds what came in so many of the last portions of days. */
const logKept = 2

for (const databases of testDatabases) {
  describe(`carried over: ${databases.name}`, { skip: databases.skip }, () => {
    test('OR1, OR2: after months of events, retention and a log of ten days a rebuild changes nothing', async t => {
      const house = await openRebuildHouse(t, await openMigrated(databases), { nowMs: firstMs })
      const { database } = house
      await live(house)
      const before = await everything(database)
      assert.ok(
        before.events.length > 50 && before.traces.length > 50 && before.agents.length > 100,
        'there is something',
      )
      const nowMs = house.clock.now()
      for (const from of ['beginning', { timestamp: nowMs }] as const) {
        const found = await rebuilt(house, { from, swap: 'never' })
        assert.equal(outcomeOf(found), 'compared')
        assert.deepEqual(
          found.comparison!.flatMap(({ table, examples }) => examples.map(each => ({ table, ...each }))),
          [],
          again,
        )
      }
      // Something that makes the swap worth it: the newest trace is in the log as a whole.
      const damage = `update swarm_traces set owner = 'nobody' where first_event_at = (select max(first_event_at) from swarm_traces)`
      for (const from of ['beginning', { timestamp: nowMs - 6 * dayMs }] as const) {
        await database.script(damage)
        assert.equal(outcomeOf(await rebuilt(house, { from })), 'swapped')
        assert.deepEqual(await everything(database), before, again)
      }
    })

    test('OR1: an event that the log does not have stays as it is, one that it has is put right', async t => {
      const house = await openRebuildHouse(t, await openMigrated(databases), { nowMs: firstMs })
      const { database, log, clock } = house
      await house.give([event('a', 0, 'task.created', firstMs)])
      const times = 'select event_id, created_at::text as at from swarm_events order by event_id'
      clock.advance(dayMs)
      await log.deleteRecords(eventsTopic, 0, 1)
      await house.give([event('a', 1, 'task.completed', clock.now()), event('b', 2, 'agent.wake', clock.now())])
      const created = await database.query(times)
      await database.script(
        `update swarm_events set source = 'x' where trace_id = 'a'; delete from swarm_events where trace_id = 'b'`,
      )
      assert.equal(outcomeOf(await rebuilt(house)), 'swapped')
      const sources = await database.query('select event_type, source from swarm_events order by event_type')
      assert.deepEqual(sources, [
        { event_type: 'agent.wake', source: 'dispatch' },
        { event_type: 'task.completed', source: 'dispatch' },
        { event_type: 'task.created', source: 'x' },
      ])
      const now = await database.query<{ event_id: string }>(times)
      // All but the one that was deleted are as old as they were.
      assert.deepEqual(
        now.filter(({ event_id }) => event_id !== uuidFrom('2')),
        created.filter(row => (row as { event_id: string }).event_id !== uuidFrom('2')),
      )
    })
  })
}

/** Lives through {@link days} days, some at a time, with events of many traces, some of which last for months. */
async function live(house: RebuildHouse): Promise<void> {
  const events = scenario(seededRandom(seed))
  const offsets: number[] = []
  let next = 0
  for (let day = 0; day < days; day += daysAtOnce) {
    const endMs = firstMs + (day + daysAtOnce) * dayMs
    const start = next
    while (next < events.length && events[next]!.arrivesMs < endMs) next++
    house.clock.advance(endMs - house.clock.now())
    await house.give(events.slice(start, next).map(each => each.event))
    offsets.push(house.log.partition(eventsTopic, 0)!.logEndOffset)
    const expired = offsets.at(-1 - logKept)
    if (expired !== undefined) await house.log.deleteRecords(eventsTopic, 0, expired)
    await applyRetention(house.database, house.clock.now())
  }
}

/** In the order in which they arrive, up to eight days late. */
function scenario({ int }: Random): { arrivesMs: number; event: SwarmEvent }[] {
  const arriving: { arrivesMs: number; event: SwarmEvent }[] = []
  let n = 0
  const say = (traceId: string, type: string, atMs: number, source = 'dispatch'): void => {
    const late = int(4) === 0 ? int(8 * dayMs) : 1
    const made = event(traceId, n++, type, atMs, source)
    if (atMs < firstMs + (days - 9) * dayMs) arriving.push({ arrivesMs: atMs + late, event: made })
  }
  for (let trace = 0; trace < 140; trace++) {
    const id = `trace-${trace}`
    const agent = `agent-${trace % 5}`
    let atMs = firstMs + int((days - 10) * dayMs)
    const step = (): number => (atMs += int(int(3) === 0 ? 25 * dayMs : 3_600_000))
    say(id, 'task.created', atMs)
    for (const type of ['task.assigned', 'task.started', 'otel.span', 'otel.span'])
      if (int(5) > 0) say(id, type, step(), agent)
    if (int(4) > 0) say(id, ['task.completed', 'task.failed', 'task.timeout'][int(3)]!, step(), agent)
    // After the end, some of them long after it.
    if (int(3) === 0)
      say(id, ['otel.span', 'task.started', 'task.assigned', 'task.completed'][int(4)]!, step(), `late-${agent}`)
  }
  for (let day = 0; day < days - 9; day++)
    for (let agent = 0; agent < 2; agent++)
      say(`life-${agent}`, 'agent.heartbeat', firstMs + day * dayMs + int(dayMs), `agent-${agent}`)
  return arriving.sort((a, b) => a.arrivesMs - b.arrivesMs)
}

function event(traceId: string, n: number, eventType: string, atMs: number, source = 'dispatch'): SwarmEvent {
  const beat: JsonObject = { uptime_ms: 1000, busy_ms: n }
  const fields: JsonObject = { title: `title ${n}`, agent: source, owner: `owner-${n % 3}` }
  const metadata = eventType === 'agent.heartbeat' ? beat : fields
  return {
    eventId: uuidFrom(`${n}`),
    traceId,
    source,
    eventType,
    timestampMicros: Math.floor(atMs) * 1000 + (n % 1000),
    metadata,
    isDeadLetter: false,
  }
}
