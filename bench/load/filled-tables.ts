/** Tables as they are after a month: made by SQL, for the log and the projector would take longer than a machine is free. */
import { systemRandom } from '@chronicle/base'
import { type Database, type DeadLetterSink, type SwarmEvent, type Tables, uuidV7 } from '@chronicle/observe'

const eventsPerTrace = 10
const agents = 200
const days = 29
const dayMs = 86_400_000
/** Rows of one statement: the driver waits a minute for it. */
const rowsAtOnce = 200_000

const nameOfTrace = (number: string): string => `md5((${number})::text)::uuid::text`
const eventTypes = ['created', 'assigned', 'started', 'a', 'b', 'c', 'd', 'e', 'f', 'completed'].map(
  type => `'task.${type}'`,
)
const statuses = [...Array(7).fill('completed'), 'failed', 'timed_out', 'in_progress'].map(status => `'${status}'`)

/** `events` events of a tenth as many traces, evenly over 29 days until now, and all agents on all of them. */
export async function fillTables(tables: Tables, events: number, progress: (doing: string) => void): Promise<void> {
  await makeWeeks(tables)
  const database = await tables.database()
  const traces = Math.ceil(events / eventsPerTrace)
  const startOf = (trace: string): string => `now() - interval '${days} days' * (1 - (${trace})::float8 / ${traces})`
  await inParts(events, async (from, to) => {
    progress(`events from ${from} to ${to} of ${events}`)
    await database.script(eventsSql(from, to, startOf))
  })
  await inParts(traces, async (from, to) => {
    progress(`traces from ${from} to ${to} of ${traces}`)
    await database.script(tracesSql(from, to, startOf))
  })
  await database.script(`insert into agent_metrics (agent_id, metric_date, tasks_completed, tasks_failed, tasks_timed_out, uptime_ms, busy_ms, state)
    select 'agent-' || agent, (now() at time zone 'UTC')::date - day, 100, 10, 1, 86400000, 43200000, '{}'
    from generate_series(0, ${agents - 1}) as agent, generate_series(0, ${days}) as day`)
  progress('vacuum')
  await vacuum(database)
}

/** Names of traces that {@link fillTables} has made, evenly spread. */
export async function someTraces(tables: Tables, events: number, count: number): Promise<string[]> {
  const traces = Math.ceil(events / eventsPerTrace)
  const rows = await (await tables.database()).query<{ trace_id: string }>(
    `select ${nameOfTrace(`(n * ${traces}::bigint) / ${count}`)} as trace_id from generate_series(0, ${count - 1}) as n`,
  )
  return rows.map(row => row.trace_id)
}

async function inParts(total: number, work: (from: number, to: number) => Promise<void>): Promise<void> {
  for (let from = 0; from < total; from += rowsAtOnce) await work(from, Math.min(total, from + rowsAtOnce))
}

function eventsSql(from: number, to: number, startOf: (trace: string) => string): string {
  const [trace, step] = [`(n / ${eventsPerTrace})`, `(n % ${eventsPerTrace})`]
  return `insert into swarm_events (event_id, trace_id, source, event_type, timestamp, metadata)
    select gen_random_uuid(), ${nameOfTrace(trace)}, 'agent-' || ${trace} % ${agents}, (array[${eventTypes}])[${step} + 1],
      ${startOf(trace)} + ${step} * interval '20 seconds', '{"tool": "search", "tokens": 1234, "cached": true}'
    from generate_series(${from}, ${to - 1}) as n`
}

function tracesSql(from: number, to: number, startOf: (trace: string) => string): string {
  return `insert into swarm_traces (trace_id, task_title, owner, status, assigned_agent, started_at, completed_at, duration_ms,
      time_to_pickup_ms, span_count, out_of_order, first_event_at, last_event_at, metrics_agent, metrics_date, state)
    select ${nameOfTrace('n')}, 'Task ' || n, 'owner-' || n % 20, (array[${statuses}])[n % 10 + 1], agent, at, at + interval '3 minutes', 180000,
      1000, ${eventsPerTrace}, 0, at, at + interval '3 minutes', agent, (at at time zone 'UTC')::date, '{}'
    from generate_series(${from}, ${to - 1}) as n, lateral (select ${startOf('n')} as at, 'agent-' || n % ${agents} as agent) as more`
}

/** What autovacuum does by itself in a month. */
async function vacuum(database: Database): Promise<void> {
  const partitions = await database.query<{ name: string }>(
    `select inhrelid::regclass::text as name from pg_inherits where inhparent = 'swarm_events'::regclass`,
  )
  for (const { name } of [...partitions, { name: 'swarm_traces' }, { name: 'agent_metrics' }]) {
    await database.script(`vacuum (analyze) ${name}`)
  }
}

/** An event in each week: the writer makes the partitions that it needs. */
async function makeWeeks(tables: Tables): Promise<void> {
  const refuse: DeadLetterSink = { add: () => Promise.reject(new Error('no event of the bench is refused')) }
  const events = Array.from({ length: days + 1 }, (_, day): SwarmEvent => {
    const ms = Date.now() - day * dayMs + 1000
    const event = { eventId: uuidV7(ms, systemRandom), traceId: 'weeks', source: 'bench', eventType: 'week' }
    return { ...event, timestampMicros: ms * 1000, metadata: {}, isDeadLetter: false }
  })
  await tables.writer(refuse).write({ events, positions: [] })
}
