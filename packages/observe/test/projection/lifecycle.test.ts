import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { SwarmEvent } from '../../src/contract.ts'
import { addEvents, emptyTraceState, projectTrace } from '../../src/projection/index.ts'
import {
  isLifecycleType,
  type LifecycleState,
  lifecycle,
  lifecycleTypes,
  type Step,
} from '../../src/projection/lifecycle.ts'
import { distinctEvents } from './support.ts'

const finals = ['completed', 'failed', 'timed_out']
const progress: readonly LifecycleState[] = ['absent', 'pending', 'assigned', 'in_progress']
const rankOf = (state: LifecycleState) => (finals.includes(state) ? progress.length : progress.indexOf(state))

test('the arrows that fit are those of the lifecycle, and no others', () => {
  const fitting = Object.entries(lifecycle).flatMap(([from, row]) =>
    Object.entries(row).flatMap(([type, step]) => (step.fits ? [`${from} ${type} ${step.to}`] : [])),
  )
  assert.deepEqual(fitting.sort(), [
    'absent task.created pending',
    'assigned task.started in_progress',
    'assigned task.timeout timed_out',
    'in_progress task.completed completed',
    'in_progress task.failed failed',
    'in_progress task.timeout timed_out',
    'pending task.assigned assigned',
    'pending task.timeout timed_out',
  ])
})

test('OE3: no event takes a state back, a final one nowhere, and a repeated one changes nothing', () => {
  for (const [from, row] of Object.entries(lifecycle) as [LifecycleState, Record<string, Step>][]) {
    for (const [type, { to, fits }] of Object.entries(row)) {
      assert.ok(rankOf(to) >= rankOf(from), `${from} ${type}`)
      if (finals.includes(from)) assert.deepEqual([to, fits], [from, false])
      assert.deepEqual(lifecycle[to][type as never], { to, fits: false }, `${from} ${type} again`)
    }
  }
})

/** Every event through the table, one after the other. */
function replayAll(events: readonly SwarmEvent[]): { status: LifecycleState; outOfOrder: number } {
  const story = events.filter(each => !each.isDeadLetter && isLifecycleType(each.eventType)).sort(inOrder)
  let status: LifecycleState = 'absent'
  let outOfOrder = 0
  for (const { eventType } of story) {
    const step: Step = lifecycle[status][eventType as never]
    status = step.to
    if (!step.fits) outOfOrder++
  }
  return { status: status === 'absent' ? 'pending' : status, outOfOrder }
}

function inOrder(a: SwarmEvent, b: SwarmEvent): number {
  const rank = (each: SwarmEvent) => lifecycleTypes.indexOf(each.eventType as never)
  return a.timestampMicros - b.timestampMicros || rank(a) - rank(b) || (a.eventId < b.eventId ? -1 : 1)
}

test('OE3: status and count of what is out of order are those of a replay of every event', () => {
  fc.assert(
    fc.property(distinctEvents(30, 1), events => {
      const { status, outOfOrder } = projectTrace('t', addEvents(emptyTraceState, events))
      assert.deepEqual({ status, outOfOrder }, replayAll(events))
    }),
    { numRuns: 2000 },
  )
})

test('OE3: as events come in the order of their times, the status only goes forward and the first end stays', () => {
  fc.assert(
    fc.property(distinctEvents(25, 1), events => {
      let state = emptyTraceState
      let before = projectTrace('t', state)
      for (const each of events.sort(inOrder)) {
        state = addEvents(state, [each])
        const row = projectTrace('t', state)
        assert.ok(rankOf(row.status) >= rankOf(before.status))
        if (finals.includes(before.status)) {
          const { status, completedMicros, error } = before
          assert.deepEqual([row.status, row.completedMicros, row.error], [status, completedMicros, error])
        }
        before = row
      }
    }),
    { numRuns: 1000 },
  )
})
