import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AgentContribution, SwarmEvent, TraceRow } from '../../src/contract.ts'
import {
  addEvents,
  contributionOf,
  emptyTraceState,
  projectTrace,
  sameContribution,
} from '../../src/projection/index.ts'
import { event, startMicros } from './support.ts'

const rowOf = (...events: readonly SwarmEvent[]): TraceRow => projectTrace('t-1', addEvents(emptyTraceState, events))

/** What `row` has otherwise than `expected` says, for those columns that it names. */
function assertRow(row: TraceRow, expected: Partial<TraceRow>): void {
  assert.deepEqual({ ...row, ...expected }, row)
}

const created = event('task.created', 0, { title: 'Fix the ring', owner: 'ann', scoring_breakdown: { skill: 0.5 } })
const assigned = event('task.assigned', 1000, { agent: 'scout' })
const started = event('task.started', 3000)
const completed = event('task.completed', 8000, {}, { source: 'warren' })

test('a task from its creation to its end', () => {
  assert.deepEqual(rowOf(created, assigned, started, completed, event('agent.note', 4000)), {
    traceId: 't-1',
    taskTitle: 'Fix the ring',
    owner: 'ann',
    status: 'completed',
    assignedAgent: 'scout',
    startedMicros: startMicros + 3_000_000,
    completedMicros: startMicros + 8_000_000,
    durationMs: 5000,
    timeToPickupMs: 2000,
    spanCount: 5,
    error: null,
    scoringBreakdown: { skill: 0.5 },
    outOfOrder: 0,
  })
})

test('a trace without lifecycle events is pending, and its row has nothing but its spans', () => {
  const row = rowOf(event('agent.note', 0), event('dlq.entry', 1))
  assertRow(row, { status: 'pending', spanCount: 2, outOfOrder: 0, startedMicros: null, durationMs: null })
})

test('each field is from the last created that has it, on its own', () => {
  const again = event('task.created', 2000, { title: 'Fix the rings', owner: '', scoring_breakdown: null })
  assertRow(rowOf(again, created, assigned), {
    taskTitle: 'Fix the rings',
    owner: 'ann',
    scoringBreakdown: { skill: 0.5 },
    outOfOrder: 1,
  })
})

test('a retry: agent and start are those of the attempt that ended', () => {
  const retry = [event('task.assigned', 4000, { agent: 'kai' }), event('task.started', 4500)]
  assertRow(rowOf(created, assigned, started, ...retry, completed), {
    assignedAgent: 'kai',
    startedMicros: startMicros + 4_500_000,
    durationMs: 3500,
    timeToPickupMs: 500,
    outOfOrder: 2,
  })
})

test('OE3: after the first final event nothing is written any more', () => {
  const late = [
    event('task.failed', 9000, { error: 'too late' }),
    event('task.created', 9001, { title: 'Other', owner: 'eve' }),
    event('task.assigned', 9002, { agent: 'eve' }),
    event('task.started', 9003),
  ]
  const row = rowOf(created, assigned, started, completed)
  assert.deepEqual(rowOf(created, assigned, started, completed, ...late), { ...row, spanCount: 8, outOfOrder: 4 })
})

test('OE3: a failure that turns out to have come first decides, with its error', () => {
  const failed = event('task.failed', 7000, { error: 'out of memory' })
  assertRow(rowOf(created, assigned, started, completed, failed), {
    status: 'failed',
    error: 'out of memory',
    completedMicros: startMicros + 7_000_000,
    durationMs: 4000,
    outOfOrder: 1,
  })
})

test('clocks that are ahead: what has to have come before the end is taken from after it, and no time is negative', () => {
  const row = rowOf(event('task.completed', 500), created, assigned, started, event('task.started', 3500))
  assertRow(row, {
    taskTitle: 'Fix the ring',
    assignedAgent: 'scout',
    startedMicros: startMicros + 3_000_000,
    completedMicros: startMicros + 500_000,
    durationMs: 0,
    timeToPickupMs: 2000,
    outOfOrder: 4,
  })
  const early = rowOf(created, event('task.started', 700), assigned, completed)
  assertRow(early, { timeToPickupMs: 0, startedMicros: startMicros + 700_000, status: 'completed' })
})

test('events at the same time happen in the order of the lifecycle, whatever their ids', () => {
  const types = ['task.completed', 'task.started', 'task.assigned', 'task.created']
  const all = types.map((type, index) => event(type, 0, {}, { eventId: `${index}0000000-0000-4000-8000-000000000000` }))
  assertRow(rowOf(...all), { status: 'completed', outOfOrder: 0, durationMs: 0, timeToPickupMs: 0 })
  assertRow(rowOf(event('task.timeout', 1), event('task.failed', 1), event('task.completed', 1)), {
    status: 'completed',
  })
})

test('times are cut down to whole milliseconds', () => {
  assertRow(rowOf(event('task.started', 0.5), event('task.completed', 2.25)), { durationMs: 1 })
})

test('what is skipped counts as out of order, and the trace has come that far all the same', () => {
  assertRow(rowOf(completed), { status: 'completed', outOfOrder: 1, durationMs: null, timeToPickupMs: null })
  assertRow(rowOf(started), { status: 'in_progress', outOfOrder: 1 })
  assertRow(rowOf(created, event('task.timeout', 1)), { status: 'timed_out', outOfOrder: 0 })
})

test('a member of another type than expected is as if it were not there; an error is text or JSON', () => {
  const odd = event('task.created', 0, { title: 7, owner: { name: 'ann' }, scoring_breakdown: 0 })
  const row = rowOf(
    odd,
    event('task.assigned', 1, { agent: ['scout'] }),
    event('task.failed', 2, { error: { code: 7 } }),
  )
  assertRow(row, { taskTitle: null, owner: null, assignedAgent: null, scoringBreakdown: 0, error: '{"code":7}' })
  for (const error of [null, '']) assertRow(rowOf(event('task.failed', 0, { error })), { error: null })
})

test('what is too long is cut in whole characters, names and scores are left out', () => {
  const long = { title: `x${'🦜'.repeat(400)}`, owner: 'x'.repeat(256), scoring_breakdown: 'x'.repeat(16 * 1024) }
  const row = rowOf(event('task.created', 0, long), event('task.failed', 1, { error: 'ü'.repeat(10_000) }))
  assertRow(row, { taskTitle: `x${'🦜'.repeat(255)}`, owner: null, scoringBreakdown: null, error: 'ü'.repeat(4096) })
})

test('a dead letter of the swarm is a span and moves nothing', () => {
  assertRow(rowOf(created, { ...completed, isDeadLetter: true }), { status: 'pending', spanCount: 2, outOfOrder: 0 })
})

test('what a trace adds to the day of its agent', () => {
  const contribution = (...events: SwarmEvent[]) => {
    const state = addEvents(emptyTraceState, events)
    return contributionOf(projectTrace('t-1', state), state)
  }
  const whole: AgentContribution = {
    agentId: 'scout',
    day: '2026-11-20',
    outcome: 'completed',
    durationMs: 5000,
    timeToPickupMs: 2000,
  }
  assert.equal(contribution(created, assigned, started), undefined)
  assert.deepEqual(contribution(created, assigned, started, completed), whole)
  // Past midnight, by nobody but the one who said so.
  const timedOut = event('task.timeout', 10_000, {}, { source: 'dispatch' })
  assert.deepEqual(contribution(created, timedOut), {
    agentId: 'dispatch',
    day: '2026-11-21',
    outcome: 'timed_out',
    durationMs: null,
    timeToPickupMs: null,
  })
  assert.equal(contribution(created, { ...timedOut, source: '' }), undefined)
  assert.ok(sameContribution(whole, { ...whole }) && sameContribution(undefined, undefined))
  const others = [{ agentId: 'kai' }, { day: '2026-11-21' }, { outcome: 'failed' as const }, { durationMs: 1 }]
  for (const other of [...others, { timeToPickupMs: null }]) {
    assert.equal(sameContribution(whole, { ...whole, ...other }), false)
  }
  assert.equal(sameContribution(whole, undefined), false)
})
