/** What version 1 wrote has to be read for ever: events by a replay of the log, states and days by the next batch. */

import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { eventFromJson, eventToJson } from '../src/event/index.ts'
import {
  type AgentDay,
  addContributions,
  addEvents,
  addHeartbeat,
  agentRow,
  contributionOf,
  emptyAgentDay,
  emptyTraceState,
  heartbeatOf,
  projectTrace,
  type TraceState,
} from '../src/projection/index.ts'
import { event, throughJson } from './projection/support.ts'

const events = [
  event('task.created', 0, { title: 'Fix the ring', owner: 'ann', scoring_breakdown: { skill: 0.5 } }),
  event('task.assigned', 1000, { agent: 'kai' }),
  event('task.started', 1250.001),
  event('task.failed', 9000, { error: 'out of memory' }),
  event('task.completed', 9500),
  event('task.timeout', 9750),
  event('dlq.entry', 9800, {}, { isDeadLetter: true }),
]
const state = addEvents(emptyTraceState, events)
const heartbeat = heartbeatOf(event('agent.heartbeat', 0, { uptime_ms: 60_000, busy_ms: 45_000 }))!
const contribution = contributionOf(projectTrace('t-1', state), state)!
const shorter = { ...contribution, outcome: 'completed' as const, durationMs: 7, timeToPickupMs: 50 }
const day = addHeartbeat(addContributions(emptyAgentDay, [contribution, shorter]), heartbeat)

const golden = {
  'events-v1.jsonl': `${events.map(eventToJson).join('\n')}\n`,
  'trace-state-v1.json': `${JSON.stringify(state, undefined, 1)}\n`,
  'agent-day-v1.json': `${JSON.stringify(day, undefined, 1)}\n`,
}
const fileOf = (name: string) => new URL(`./golden/${name}`, import.meta.url)
if (process.env.WRITE_GOLDEN) for (const [name, text] of Object.entries(golden)) writeFileSync(fileOf(name), text)

const read = (name: keyof typeof golden) => readFileSync(fileOf(name), 'utf8')

test('events, states and days are written as version 1 writes them', () => {
  for (const name of Object.keys(golden) as (keyof typeof golden)[]) assert.equal(golden[name], read(name), name)
})

test('events of version 1 are read as they were', () => {
  const lines = read('events-v1.jsonl').trim().split('\n')
  const context = { receivedMicros: events[0]!.timestampMicros, eventId: assert.fail }
  assert.deepEqual(
    lines.map(line => eventFromJson(line, context)),
    events,
  )
})

test('a state of version 1 goes on, and a day of version 1 too', () => {
  const late = event('task.completed', 8000, {}, { source: 'scout' })
  const before = JSON.parse(read('trace-state-v1.json')) as TraceState
  assert.deepEqual(throughJson(addEvents(before, [late])), throughJson(addEvents(emptyTraceState, [late, ...events])))
  assert.equal(projectTrace('t-1', before).error, 'out of memory')
  const { p95DurationMs, minDurationMs, utilizationPct } = agentRow(JSON.parse(read('agent-day-v1.json')) as AgentDay)
  assert.deepEqual([p95DurationMs, minDurationMs, utilizationPct], [7749, 7, 75])
})
