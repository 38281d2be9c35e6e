import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { AgentContribution } from '../../src/contract.ts'
import { observeErrors } from '../../src/errors.ts'
import {
  type AgentDay,
  addContributions,
  addHeartbeat,
  agentRow,
  emptyAgentDay,
  extremesUnknown,
  heartbeatOf,
  isEmptyDay,
  removeContributions,
  withExtremes,
} from '../../src/projection/index.ts'
import { event, throughJson } from './support.ts'

const of = { agentId: 'kai', day: '2026-11-20' }
const contribution: fc.Arbitrary<AgentContribution> = fc.record({
  agentId: fc.constant(of.agentId),
  day: fc.constant(of.day),
  outcome: fc.constantFrom('completed', 'failed', 'timed_out'),
  durationMs: fc.option(fc.oneof(fc.nat(50), fc.nat(100_000_000))),
  timeToPickupMs: fc.option(fc.nat(10_000)),
})
const several = fc.array(contribution, { maxLength: 60, size: 'max' })

const dayOf = (contributions: readonly AgentContribution[]) => addContributions(emptyAgentDay, contributions)
const durationsOf = (contributions: readonly AgentContribution[]) =>
  contributions.flatMap(({ durationMs }) => durationMs ?? []).sort((a, b) => a - b)

/** Looks the extremes up where they are not known, as the store does. */
function known(day: AgentDay, contributions: readonly AgentContribution[]): AgentDay {
  if (!extremesUnknown(day)) return day
  const durations = durationsOf(contributions)
  return withExtremes(day, { minMs: durations[0]!, maxMs: durations.at(-1)! })
}

test('OE4: taking everything away, in any order, leaves the empty day', () => {
  const cases = several.chain(all => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })))
  fc.assert(
    fc.property(cases, ([added, removed]) => {
      const day = removeContributions(throughJson(dayOf(added)), removed)
      assert.deepEqual(day, emptyAgentDay)
      assert.ok(isEmptyDay(day))
    }),
  )
})

test('OE4: what is taken away might as well never have been there', () => {
  fc.assert(
    fc.property(several, several, (stay, go) => {
      const mixed = [...stay, ...go].sort((a, b) => (a.durationMs ?? 0) - (b.durationMs ?? 0))
      const day = removeContributions(dayOf(mixed), go)
      assert.deepEqual(known(day, stay), dayOf(stay))
    }),
  )
})

test('OE5: p95 is within 1 % of the exact one by nearest rank; the other figures are exact', () => {
  fc.assert(
    fc.property(fc.array(contribution, { minLength: 1, maxLength: 300, size: 'max' }), contributions => {
      const row = agentRow(dayOf(contributions))
      const durations = durationsOf(contributions)
      const exact = durations[Math.ceil(0.95 * durations.length) - 1]
      if (exact === undefined) assert.equal(row.p95DurationMs, null)
      else assert.ok(Math.abs(row.p95DurationMs! - exact) <= 0.01 * exact, `${row.p95DurationMs} for ${exact}`)
      assert.equal(row.minDurationMs, durations[0] ?? null)
      assert.equal(row.maxDurationMs, durations.at(-1) ?? null)
      assert.equal(row.avgDurationMs, average(durations))
      assert.equal(row.avgTimeToPickupMs, average(contributions.flatMap(each => each.timeToPickupMs ?? [])))
      assert.equal(row.tasksTimedOut, contributions.filter(each => each.outcome === 'timed_out').length)
    }),
    { numRuns: 300 },
  )
})

function average(values: readonly number[]): number | null {
  return values.length === 0 ? null : Math.round(values.reduce((sum, value) => sum + value, 0) / values.length)
}

test('of a hundred durations the ninety-fifth is the p95, of twenty the nineteenth, of one the only one', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => ({
    ...of,
    outcome: 'completed' as const,
    durationMs: index + 1,
    timeToPickupMs: null,
  }))
  for (const [count, p95] of [
    [100, 95],
    [20, 19],
    [1, 1],
  ] as const) {
    assert.equal(agentRow(dayOf(hundred.slice(0, count))).p95DurationMs, p95)
  }
})

test('OE4: what was never added cannot be taken away', () => {
  const given = { ...of, outcome: 'completed' as const, durationMs: 7, timeToPickupMs: 5 }
  const day = dayOf([given])
  const others: AgentContribution[] = [
    { ...given, outcome: 'failed' },
    { ...given, durationMs: 8 },
    { ...given, timeToPickupMs: 6 },
  ]
  for (const other of others) {
    assert.throws(
      () => removeContributions(day, [other]),
      error => observeErrors.is(error) && error.code === 'observe.tables-disagree',
    )
  }
})

test('an empty day has no figures', () => {
  assert.deepEqual(agentRow(emptyAgentDay), {
    tasksCompleted: 0,
    tasksFailed: 0,
    tasksTimedOut: 0,
    avgDurationMs: null,
    p95DurationMs: null,
    minDurationMs: null,
    maxDurationMs: null,
    avgTimeToPickupMs: null,
    uptimeMs: 0,
    busyMs: 0,
    utilizationPct: null,
  })
})

test('heartbeats: who was up, when, and how busy', () => {
  const beat = (metadata: object, more = {}) => heartbeatOf(event('agent.heartbeat', 0, { ...metadata }, more))
  const whole = { uptime_ms: 60_000.4, busy_ms: 29_999.5 }
  const expected = { ...of, uptimeMs: 60_000, busyMs: 30_000 }
  assert.deepEqual(beat(whole), expected)
  assert.deepEqual(beat({ ...whole, agent: 'scout' }), expected)
  assert.deepEqual(beat({ ...whole, agent: 'scout' }, { source: '' }), { ...expected, agentId: 'scout' })
  const dayLater = heartbeatOf(event('agent.heartbeat', 10_000, whole))
  assert.equal(dayLater?.day, '2026-11-21')
  const day = addHeartbeat(addHeartbeat(emptyAgentDay, expected), { ...expected, uptimeMs: 30_000, busyMs: 0 })
  assert.equal(agentRow(day).utilizationPct, 33.33)
  assert.equal(isEmptyDay(day), false)
})

test('a heartbeat that does not say it all counts nothing', () => {
  const whole = { uptime_ms: 60_000, busy_ms: 30_000 }
  const none: [object, object][] = [
    [{ busy_ms: 1 }, {}],
    [{ uptime_ms: 1 }, {}],
    [{ ...whole, uptime_ms: '60000' }, {}],
    [{ ...whole, busy_ms: -1 }, {}],
    [{ ...whole, uptime_ms: 10_000_000_001 }, {}],
    [whole, { source: '' }],
    [{ ...whole, agent: 7 }, { source: '' }],
    [{ ...whole, agent: 'x'.repeat(256) }, { source: '' }],
    [whole, { isDeadLetter: true }],
  ]
  for (const [metadata, more] of none) {
    assert.equal(heartbeatOf(event('agent.heartbeat', 0, { ...metadata }, more)), undefined)
  }
  assert.equal(heartbeatOf(event('agent.wake', 0, whole)), undefined)
})
