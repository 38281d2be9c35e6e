import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type SwarmEvent, swarmDay, swarmTables, tableDifferences } from '../src/index.ts'

const day = swarmDay({ seed: 3, agents: 20, traces: 800, hours: 2 })
const tables = swarmTables(day.events)

test('the answer does not depend on the order of the events', () => {
  assert.deepEqual(tableDifferences(swarmTables(day.events.toReversed()), tables), [])
  const byId = day.events.toSorted((a, b) => (a.message.event_id < b.message.event_id ? -1 : 1))
  assert.deepEqual(tableDifferences(swarmTables(byId), tables), [])
})

test('every event is a span of one trace, and every ended trace counts for one agent', () => {
  const spans = tables.traces.reduce((total, row) => total + row.span_count, 0)
  assert.equal(spans, day.events.length)
  const ended = tables.traces.filter(row => row.completed_at !== null).length
  const counted = tables.agents.reduce(
    (total, row) => total + row.tasks_completed + row.tasks_failed + row.tasks_timed_out,
    0,
  )
  assert.equal(counted, ended)
})

test('no time runs backwards, whatever the clocks say', () => {
  for (const row of tables.traces) assert.ok((row.duration_ms ?? 0) >= 0 && (row.time_to_pickup_ms ?? 0) >= 0)
  assert.ok(tables.traces.some(row => row.out_of_order > 0))
  assert.ok(tables.traces.some(row => row.duration_ms === 0 || row.time_to_pickup_ms === 0))
})

test('the day has traces in every status', () => {
  const statuses = new Set(tables.traces.map(row => row.status))
  assert.deepEqual([...statuses].sort(), ['assigned', 'completed', 'failed', 'in_progress', 'pending', 'timed_out'])
})

test('a plain life', () => {
  const row = traceOf(
    event('task.created', 0, { title: 'a', owner: 'kai', scoring_breakdown: [1] }),
    event('task.assigned', 1_000, { agent: 'x' }),
    event('task.started', 3_500),
    event('tool.call', 4_000),
    event('task.completed', 10_000),
  )
  assert.deepEqual(row, {
    trace_id: 't',
    task_title: 'a',
    owner: 'kai',
    status: 'completed',
    assigned_agent: 'x',
    started_at: 3_500_000,
    completed_at: 10_000_000,
    duration_ms: 6_500,
    time_to_pickup_ms: 2_500,
    span_count: 5,
    error: null,
    scoring_breakdown: [1],
    out_of_order: 0,
  })
})

test('the first end decides, and what follows moves nothing', () => {
  const row = traceOf(
    event('task.assigned', 0, { agent: 'x' }),
    event('task.started', 1),
    event('task.failed', 2, { error: 'first' }),
    event('task.assigned', 3, { agent: 'y' }),
    event('task.started', 4),
    event('task.completed', 5),
  )
  assert.equal(row.status, 'failed')
  assert.equal(row.error, 'first')
  assert.equal(row.assigned_agent, 'x')
  assert.equal(row.started_at, 1_000)
  assert.equal(row.out_of_order, 4)
})

test('what a slow clock puts before its cause still finds it', () => {
  const row = traceOf(
    event('task.completed', 0),
    event('task.created', 5, { title: 'a' }),
    event('task.assigned', 6, { agent: 'x' }),
    event('task.started', 7),
  )
  assert.equal(row.status, 'completed')
  assert.equal(row.task_title, 'a')
  assert.equal(row.assigned_agent, 'x')
  assert.equal(row.duration_ms, 0)
  assert.equal(row.out_of_order, 4)
})

test('in one moment, what leads comes before what follows', () => {
  const row = traceOf(
    event('task.completed', 0),
    event('task.started', 0),
    event('task.assigned', 0, { agent: 'x' }),
    event('task.created', 0),
  )
  assert.equal(row.out_of_order, 0)
  assert.equal(row.time_to_pickup_ms, 0)
})

test('what is missing, repeated or too late is out of order', () => {
  const outOfOrder = (...types: string[]) => traceOf(...types.map((type, at) => event(`task.${type}`, at))).out_of_order
  assert.equal(outOfOrder('created', 'assigned', 'started', 'failed'), 0)
  for (const before of [['created'], ['created', 'assigned'], ['created', 'assigned', 'started']]) {
    assert.equal(outOfOrder(...before, 'timeout'), 0)
    assert.equal(outOfOrder(...before, 'timeout', 'timeout'), 1)
  }
  assert.equal(outOfOrder('timeout'), 1)
  assert.equal(outOfOrder('created', 'completed'), 1)
  assert.equal(outOfOrder('created', 'created', 'assigned', 'assigned'), 2)
  assert.equal(outOfOrder('created', 'started', 'assigned', 'started', 'completed'), 3)
})

test('a dead letter of the swarm is a span and nothing else', () => {
  const row = traceOf(event('task.created', 0), { ...event('task.failed', 1), isDeadLetter: true })
  assert.equal(row.status, 'pending')
  assert.equal(row.span_count, 2)
})

test('a fraction of a second and an offset are parts of the time', () => {
  const base = event('task.completed', 0)
  const timestamp = '1970-01-01T02:00:01.234567+02:00'
  assert.equal(traceOf({ ...base, message: { ...base.message, timestamp } }).completed_at, 1_234_567)
})

test('an agent’s day: outcomes, exact ranks, heartbeats', () => {
  const ended = Array.from({ length: 100 }, (_, index) => [
    event('task.assigned', 0, { agent: 'x' }, `t${index}`),
    event('task.started', 1_000, {}, `t${index}`),
    event('task.completed', 1_000 + index + 1, {}, `t${index}`),
  ])
  const beats = [
    event('agent.heartbeat', 5, { uptime_ms: 60_000, busy_ms: 20_000 }),
    event('agent.heartbeat', 6, { uptime_ms: '60000', busy_ms: 1 }),
  ]
  const { agents } = swarmTables([...ended.flat(), ...beats])
  assert.deepEqual(
    agents.find(row => row.agent_id === 'x'),
    {
      agent_id: 'x',
      metric_date: '1970-01-01',
      tasks_completed: 100,
      tasks_failed: 0,
      tasks_timed_out: 0,
      avg_duration_ms: 51,
      p95_duration_ms: 95,
      min_duration_ms: 1,
      max_duration_ms: 100,
      avg_time_to_pickup_ms: 1_000,
      uptime_ms: 0,
      busy_ms: 0,
      utilization_pct: null,
    },
  )
  assert.equal(agents.find(row => row.agent_id === 'someone')?.utilization_pct, 33.33)
})

test('differences name the row and the column', () => {
  const [first, second, ...others] = tables.traces
  const traces = [{ ...first!, status: 'lost' }, ...others, { ...second!, trace_id: 'nobody’s' }]
  assert.deepEqual(tableDifferences({ ...tables, traces }, tables), [
    `trace ${first!.trace_id}: status is "lost", not "${first!.status}"`,
    `trace ${second!.trace_id} is missing`,
    'trace nobody’s should not be there',
  ])
})

test('a p95 may be 1 % away from the exact one, and no more', () => {
  const times = (factor: number) => {
    const agents = tables.agents.map(row => ({
      ...row,
      p95_duration_ms: row.p95_duration_ms && row.p95_duration_ms * factor,
    }))
    return tableDifferences({ ...tables, agents }, tables)
  }
  assert.deepEqual(times(1.0099), [])
  assert.notDeepEqual(times(1.0101), [])
  assert.notDeepEqual(times(0.9899), [])
})

let made = 0

function event(event_type: string, atMs: number, metadata = {}, trace_id = 't'): SwarmEvent {
  const event_id = `00000000-0000-4000-8000-${String(++made).padStart(12, '0')}`
  const timestamp = new Date(atMs).toISOString()
  const message = { event_id, trace_id, source: 'someone', event_type, timestamp, metadata }
  return { message, subject: '', isDeadLetter: false, sentMs: atMs }
}

function traceOf(...events: SwarmEvent[]) {
  return swarmTables(events).traces[0]!
}
