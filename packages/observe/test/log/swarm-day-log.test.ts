/** A swarm's day through the log into real databases, with failures and restarts on the way, against the model's own answer. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '@chronicle/base'
import { encodeRecord } from '@chronicle/log'
import { type Delivery, storedTables, swarmDay, swarmTables, tableDifferences, topicOf } from '@chronicle/testing'
import type { DeadLetterSink } from '../../src/contract.ts'
import type { Database } from '../../src/database/contract.ts'
import { kafkaTopics } from '../../src/log/topics.ts'
import type { EventWriter } from '../../src/projector-contract.ts'
import { BatchWriter } from '../../src/store/index.ts'
import { openMigrated, testDatabases } from '../support/databases.ts'
import { type House, openHouse, temporaryDirectory, testClock, until } from '../support/log-house.ts'
import { isRefused, readDelivery } from '../support/swarm-events.ts'

const seed = Number(process.env.SWARM_SEED ?? 4_711)
const day = swarmDay({ seed, agents: 8, traces: 80, hours: 8, heartbeatEveryMs: 600_000, malformedRate: 0.02 })
const endMs = day.options.startMs + 86_400_000
const restarts = 4
/** Deliveries that come at the same time. */
const togetherMax = 10

for (const databases of testDatabases) {
  test(`OL3: ${databases.name}: a day by Kafka and by the intake, with failures and restarts, makes the tables of that day`, {
    skip: databases.skip,
  }, async t => {
    const { int } = seededRandom(seed)
    const database = await openMigrated(databases)
    t.after(() => database.close())
    const directory = temporaryDirectory(t)
    const open = (): Promise<House> => openWith(directory, database, int)
    let house = await open()
    for (const name of kafkaTopics) await house.log.createTopic({ name, partitions: 2 })
    const size = Math.ceil(day.deliveries.length / (restarts + 1))
    for (let start = 0; start < day.deliveries.length; start += size) {
      for (let at = start; at < start + size; at += togetherMax) {
        const together = day.deliveries.slice(at, Math.min(at + togetherMax, start + size))
        await Promise.all(together.map(delivery => deliver(house, delivery, int)))
      }
      await house.stop()
      house = await open()
    }
    const { projector, clock } = house
    await until(() => {
      clock.advance(5000)
      return projector.status.state === 'running' && projector.status.bufferSize === 0
    })
    assert.deepEqual(
      tableDifferences(await storedTables(database), swarmTables(day.events)),
      [],
      `again: SWARM_SEED=${seed}`,
    )
    await house.stop()
  })
}

function openWith(directory: string, database: Database, int: (limit: number) => number): Promise<House> {
  const clock = testClock(endMs)
  const deadLetters: DeadLetterSink = { add: async () => assert.fail('the database refuses nothing of a day') }
  const writer = new BatchWriter({ database, deadLetters, clock })
  const failing: EventWriter = {
    positions: () => writer.positions(),
    async write(batch) {
      const fate = int(6)
      if (fate === 0) throw new Error('the database is away')
      const report = await writer.write(batch)
      if (fate === 1) throw new Error('the connection broke after the commit')
      return report
    },
  }
  const settings = { flushThreshold: 50, bufferEventsMax: 100_000 }
  return openHouse({ directory, tables: failing, clock, settings, seed: int(1e6) })
}

/** Half of what comes is brought by the intake, where what is no event does not come that far. */
async function deliver(house: House, delivery: Delivery, int: (limit: number) => number): Promise<void> {
  if (int(50) === 0) house.clock.advance(1000)
  const event = readDelivery(delivery)
  if (int(2) === 0 && !isRefused(event)) return house.intake.take([event])
  const partition = house.log.partition(topicOf(delivery.subject), int(2))!
  const record = encodeRecord(Buffer.from('key'), Buffer.from(delivery.body), delivery.atMs)
  await partition.append(record).durable
}
