/** A swarm's working day through the projections, against a model that keeps every event and counts at the end. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '@chronicle/base'
import { breakages, swarmDay, swarmTables, tableDifferences } from '@chronicle/testing'
import type { SwarmEvent } from '../src/contract.ts'
import { FoldedTables } from './support/folded-tables.ts'
import { deliveredEvents, isRefused, readDelivery, shuffled } from './support/swarm-events.ts'

const seed = Number(process.env.SWARM_SEED ?? 4_711)
const day = swarmDay({ seed, agents: 12, traces: 800, hours: 8 })
const expected = swarmTables(day.events)
const delivered = deliveredEvents(day)
const again = `again: SWARM_SEED=${seed}`

test('OE1: what is an event is taken, and what is none is refused without a word of it', () => {
  const { deliveries } = swarmDay({ seed, agents: 5, traces: 200, malformedRate: 0.5 })
  const seen = new Set<string>()
  for (const delivery of deliveries) {
    const event = readDelivery(delivery)
    assert.equal(isRefused(event), delivery.why !== undefined, `${delivery.why}: ${JSON.stringify(event)}; ${again}`)
    if (delivery.why !== undefined) seen.add(delivery.why)
    if (isRefused(event)) assert.doesNotMatch(event.detail, /agent-|life-of|yesterday|event-17/)
  }
  assert.equal(seen.size, Object.keys(breakages).length)
})

test('OE2, OE4, OE5: the tables in the order of delivery', () => {
  assertTables(delivered, () => 100)
})

test('OE2, OE4, OE5: the same tables one by one, in one batch, backwards, and shuffled', () => {
  assertTables(delivered, () => 1)
  assertTables(delivered, () => delivered.length)
  assertTables(delivered.toReversed(), () => 100)
  const random = seededRandom(seed)
  for (let round = 0; round < 3; round++) assertTables(shuffled(delivered, random.int), () => 1 + random.int(300))
})

test('OE2, OE4, OE5: the same tables when half of the day comes a second time, and every agent’s clock is right or wrong', () => {
  assertTables([...delivered, ...delivered.slice(0, delivered.length / 2)], () => 77)
  for (const skewMsMax of [0, 600_000]) {
    const other = swarmDay({ seed, agents: 10, traces: 400, skewMsMax, malformedRate: 0 })
    assertTables(deliveredEvents(other), () => 100, swarmTables(other.events))
  }
})

function assertTables(events: readonly SwarmEvent[], nextBatchSize: () => number, tables = expected): void {
  const folded = new FoldedTables()
  for (let start = 0; start < events.length; ) {
    const end = start + nextBatchSize()
    folded.write(events.slice(start, end))
    start = end
  }
  assert.deepEqual(tableDifferences(folded.tables(), tables), [], again)
}
