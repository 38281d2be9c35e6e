import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Random, seededRandom } from '@chronicle/base'
import type { AgentRow, SwarmTables } from '@chronicle/testing'
import fc from 'fast-check'
import type { SwarmEvent } from '../../src/contract.ts'
import { addEvents, emptyTraceState, mergeTraceStates, projectTrace } from '../../src/projection/index.ts'
import { FoldedTables } from '../support/folded-tables.ts'
import { deliveriesOf, distinctEvents, event, idOf, throughJson } from './support.ts'

const stateOf = (events: readonly SwarmEvent[]) => throughJson(addEvents(emptyTraceState, events))

/** Rows in an order that has nothing to do with that of the events. */
function tablesOf(batches: readonly (readonly SwarmEvent[])[]): SwarmTables {
  const folded = new FoldedTables()
  for (const batch of batches) folded.write(batch)
  const { events, traces, agents } = folded.tables()
  const nameOf = (row: AgentRow) => `${row.metric_date} ${row.agent_id}`
  return {
    events: events.toSorted((a, b) => (a.event_id < b.event_id ? -1 : 1)),
    traces: traces.toSorted((a, b) => (a.trace_id < b.trace_id ? -1 : 1)),
    agents: agents.toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1)),
  }
}

test('OE2, OE4: any order, any cut into batches and any repetition of the same events gives the same rows', () => {
  const days = distinctEvents(60).chain(events => fc.tuple(fc.constant(events), deliveriesOf(events)))
  fc.assert(
    fc.property(days, ([events, batches]) => {
      assert.deepEqual(tablesOf(batches), tablesOf(events.map(each => [each])))
    }),
    { numRuns: 400 },
  )
})

test('OE2: merging states is associative and commutative, and the empty state changes nothing', () => {
  fc.assert(
    fc.property(distinctEvents(40, 1), fc.nat(40), fc.nat(40), (events, at, length) => {
      const [a, b, c] = [events.slice(0, at), events.slice(at, at + length), events.slice(at + length)].map(stateOf)
      assert.ok(a && b && c)
      assert.deepEqual(mergeTraceStates(mergeTraceStates(a, b), c), mergeTraceStates(a, mergeTraceStates(b, c)))
      assert.deepEqual(mergeTraceStates(a, b), mergeTraceStates(b, a))
      assert.deepEqual(mergeTraceStates(a, emptyTraceState), a)
      assert.deepEqual(mergeTraceStates(mergeTraceStates(a, b), c), stateOf(events))
    }),
    { numRuns: 300 },
  )
})

const types = [
  'task.assigned',
  'task.started',
  'task.assigned',
  'task.started',
  'task.created',
  'task.failed',
  'agent.note',
]

/** So many events of one trace, mostly of two types, so that their lists get too long. */
function manyEvents(count: number, random: Random): SwarmEvent[] {
  return Array.from({ length: count }, (_, index) => {
    const metadata = { title: `title ${index}`, agent: `agent-${index}` }
    return event(types[random.int(types.length)]!, random.int(900), metadata, { eventId: idOf(index) })
  })
}

/** All of them in another order, in batches of any size. */
function recut(events: readonly SwarmEvent[], random: Random): SwarmEvent[][] {
  const rest = [...events]
  for (let at = rest.length - 1; at > 0; at--) {
    const other = random.int(at + 1)
    const moved = rest[at]!
    rest[at] = rest[other]!
    rest[other] = moved
  }
  const batches = []
  while (rest.length > 0) batches.push(rest.splice(0, 1 + random.int(300)))
  return batches
}

test('OE2: a trace with more events than are kept has the same state whatever the order and the batches', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1000, max: 2000 }), fc.nat(), (count, seed) => {
      const random = seededRandom(seed)
      const events = manyEvents(count, random)
      const state = stateOf(events)
      const lengths = Object.values(state.events).map(list => list.length)
      assert.ok(lengths.includes(200), `nothing was left out: ${lengths}`)
      const inBatches = recut(events, random).reduce((so, batch) => throughJson(addEvents(so, batch)), emptyTraceState)
      assert.deepEqual(inBatches, state)
    }),
    { numRuns: 30 },
  )
})

test('what is left out of a long trace is the middle', () => {
  const events = Array.from({ length: 1000 }, (_, index) => event('task.assigned', index, { agent: `a-${index}` }))
  const kept = stateOf(events.toReversed()).events['task.assigned']!.map(({ agent }) => Number(agent!.slice(2)))
  assert.deepEqual(kept, [...Array(100).keys(), ...Array.from({ length: 100 }, (_, index) => 900 + index)])
  const row = projectTrace('t-1', stateOf(events))
  assert.deepEqual([row.spanCount, row.outOfOrder, row.assignedAgent], [1000, 1000, 'a-999'])
})
