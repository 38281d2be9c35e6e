import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { SwarmEvent } from '../../src/contract.ts'
import { lifecycleTypes } from '../../src/projection/lifecycle.ts'
import { addEvents, emptyTraceState, mergeTraceStates, type TraceState } from '../../src/projection/trace-state.ts'
import { gonePart } from '../../src/rebuild/gone-part.ts'
import { idOf } from '../support/log-house.ts'

const horizonMicros = 1_000

const events = fc
  .array(
    fc.record({
      // More than a state keeps of a type, on both sides of the horizon.
      at: fc.integer({ min: horizonMicros - 300, max: horizonMicros + 300 }),
      type: fc.constantFrom('task.created', 'task.assigned', 'task.completed', 'otel.span'),
      isDeadLetter: fc.boolean(),
    }),
    { maxLength: 1_200, size: 'max' },
  )
  .map(list =>
    list.map(
      ({ at, type, isDeadLetter }, n): SwarmEvent => ({
        eventId: idOf(n),
        traceId: 't',
        source: `source-${n % 3}`,
        eventType: type,
        timestampMicros: at,
        metadata: { title: `title ${n}`, agent: `agent-${n % 5}` },
        isDeadLetter: isDeadLetter && n % 4 === 0,
      }),
    ),
  )

test('OR2: what is gone and what is known together are the trace, wherever the horizon cuts it', () => {
  fc.assert(
    fc.property(events, list => {
      const all = throughJson(addEvents(emptyTraceState, list))
      const known = list.filter(({ timestampMicros }) => timestampMicros >= horizonMicros)
      const knownState = addEvents(emptyTraceState, known)
      const gone = gonePart(all, { spans: knownState.spans, lifecycle: knownState.lifecycle }, horizonMicros)
      const merged = gone === undefined ? knownState : mergeTraceStates(knownState, gone)
      assert.deepEqual(throughJson(merged), all)
      assert.equal(gone === undefined, known.length === list.length)
    }),
    { numRuns: 60 },
  )
})

test('a state that is none has left nothing, and one whose counts are too small has left its events', () => {
  const event = { at: 1, id: 'a' }
  const known = { spans: 5, lifecycle: 5 }
  for (const state of [null, {}, 'x', [], { spans: 1, lifecycle: 1 }, { spans: 1, lifecycle: 1, events: { a: 1 } }]) {
    assert.equal(gonePart(state, known, horizonMicros), undefined)
  }
  assert.equal(gonePart({ spans: 1, lifecycle: 1, events: { 'task.created': [{ at: 'x' }] } }, known, 1), undefined)
  assert.deepEqual(gonePart({ spans: 1, lifecycle: 0, events: { 'task.created': [event] } }, known, horizonMicros), {
    spans: 1,
    lifecycle: 1,
    events: { 'task.created': [event] },
  })
  assert.ok(lifecycleTypes.includes('task.created'))
})

function throughJson(state: TraceState): TraceState {
  return JSON.parse(JSON.stringify(state))
}
