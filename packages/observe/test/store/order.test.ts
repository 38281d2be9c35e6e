/** Whatever the order, the cuts and the repetitions in which events come, the tables are the same (OD4). */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import fc from 'fast-check'
import type { SwarmEvent } from '../../src/contract.ts'
import type { Database } from '../../src/database/contract.ts'
import { embedded, openMigrated, testDatabases } from '../support/databases.ts'
import { contentsOf, emptyTables, nowMs, writerOf } from '../support/store.ts'

const lifecycle = ['task.created', 'task.assigned', 'task.started', 'task.completed', 'task.failed', 'task.timeout']
const types = [...lifecycle, ...lifecycle, 'agent.heartbeat', 'tool.call']

/** Few traces, agents and times, so that events meet: at one time, on both sides of midnight and of the end of a week. */
const moments = [0, 1, 2, 3, 4, 5, 60, 61, 120, 7_200, 43_199, 43_201, 300_000]

const someEvent: fc.Arbitrary<SwarmEvent> = fc.record({
  eventId: fc.uuid({ version: 4 }),
  traceId: fc.constantFrom('t1', 't2', 't3'),
  source: fc.constantFrom('kai', 'scout', ''),
  eventType: fc.constantFrom(...types),
  timestampMicros: fc.constantFrom(...moments).map(seconds => (nowMs - seconds * 1000) * 1000),
  metadata: fc.record({
    agent: fc.constantFrom('kai', 'kai', 'kai', 'scout'),
    title: fc.constantFrom('one', 'two'),
    error: fc.constant('no disk'),
    uptime_ms: fc.constantFrom(0, 60_000),
    busy_ms: fc.constantFrom(0, 30_000),
  }),
  isDeadLetter: fc.nat(9).map(n => n === 0),
})

/** Events, and one way to deliver them: shuffled, some of them again, cut into batches. */
const delivery = fc
  .uniqueArray(someEvent, { minLength: 1, maxLength: 40, size: 'max', selector: event => event.eventId })
  .chain(events =>
    fc.record({
      events: fc.constant(events),
      order: fc.shuffledSubarray([...events, ...events], { minLength: events.length }),
      cuts: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 8 }),
    }),
  )

for (const databases of testDatabases) {
  describe(`the order of events: ${databases.name}`, { skip: databases.skip }, () => {
    let database: Database
    before(async () => {
      database = await openMigrated(databases)
    })
    after(() => database.close())

    test('OD4: any permutation, re-cut and repetition gives the same tables', async () => {
      const writeAll = async (batches: readonly (readonly SwarmEvent[])[]) => {
        await emptyTables(database)
        const { writer } = writerOf(database)
        for (const events of batches) await writer.write({ events, positions: [] })
        return contentsOf(database)
      }
      await fc.assert(
        fc.asyncProperty(delivery, async ({ events, order, cuts }) => {
          const missing = events.filter(event => !order.includes(event))
          const delivered = await writeAll(cut([...order, ...missing], cuts))
          assert.deepEqual(delivered, await writeAll([events]))
        }),
        // Making a failure smaller takes minutes here; `seed` and `path` of the message show it as it is.
        { numRuns: databases === embedded ? 20 : 80, endOnFailure: true },
      )
    })
  })
}

function cut(events: readonly SwarmEvent[], sizes: readonly number[]): SwarmEvent[][] {
  const batches: SwarmEvent[][] = []
  for (let at = 0, n = 0; at < events.length; n++) {
    const size = sizes[n % sizes.length]!
    batches.push(events.slice(at, at + size))
    at += size
  }
  return batches
}
