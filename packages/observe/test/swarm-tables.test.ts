/** A swarm's working day through the writer into real databases, against a model that keeps every event and counts at the end. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom, systemClock } from '@chronicle/base'
import { storedTables, swarmDay, swarmTables, tableDifferences } from '@chronicle/testing'
import type { SwarmEvent } from '../src/contract.ts'
import type { Database } from '../src/database/contract.ts'
import { BatchWriter } from '../src/store/index.ts'
import { openMigrated, testDatabases } from './support/databases.ts'
import { deliveredEvents, shuffled } from './support/swarm-events.ts'

const seed = Number(process.env.SWARM_SEED ?? 4_711)
const day = swarmDay({ seed, agents: 8, traces: 250, hours: 8, heartbeatEveryMs: 300_000 })
const events = deliveredEvents(day)
const expected = swarmTables(day.events)
const again = `again: SWARM_SEED=${seed}`

for (const databases of testDatabases) {
  test(`OD4: ${databases.name}: a day in any order and any batches makes the tables of that day, and nothing moves when it comes again`, {
    skip: databases.skip,
  }, async () => {
    const { int } = seededRandom(seed)
    const database = await openMigrated(databases)
    try {
      await write(database, shuffled(events, int), () => 1 + int(300), int)
      const tables = await storedTables(database)
      assert.deepEqual(tableDifferences(tables, expected), [], again)
      await write(database, events, () => 100)
      assert.deepEqual(tableDifferences(await storedTables(database), tables), [], again)
    } finally {
      await database.close()
    }
  })
}

/** Writes one batch after the other, at the end of the day; every fourth of them twice when there is `int` to draw which. */
async function write(
  database: Database,
  list: readonly SwarmEvent[],
  nextBatchSize: () => number,
  int?: (limit: number) => number,
): Promise<void> {
  const clock = { ...systemClock, now: () => day.options.startMs + 86_400_000 }
  const deadLetters = { add: async () => assert.fail('the database refuses nothing of a day') }
  const writer = new BatchWriter({ database, deadLetters, clock })
  for (let start = 0; start < list.length; ) {
    const end = start + nextBatchSize()
    const batch = { events: list.slice(start, end), positions: [] }
    await writer.write(batch)
    if (int?.(4) === 0) await writer.write(batch)
    start = end
  }
}
