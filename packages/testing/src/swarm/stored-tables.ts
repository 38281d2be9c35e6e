import type { AgentRow, EventRow, SwarmTables, TraceRow } from './tables.ts'

/** What of a database is needed to read the tables: `bigint` and `int` as numbers, `date` as text. */
export type TablesReader = { query<Row extends object>(sql: string): Promise<Row[]> }

/** What a database holds, under its columns' names: times in microseconds, `numeric` as a number. */
export async function storedTables(database: TablesReader): Promise<SwarmTables> {
  const events = await database.query<EventRow>(
    `select event_id, trace_id, source, event_type, ${micros('timestamp')}, metadata from swarm_events`,
  )
  const traces = await database.query<TraceRow>(
    `select trace_id, task_title, owner, status, assigned_agent, ${micros('started_at')}, ${micros('completed_at')}, duration_ms,
       time_to_pickup_ms, span_count, error, scoring_breakdown, out_of_order from swarm_traces`,
  )
  const agents = await database.query<AgentRow>(
    `select agent_id, metric_date, tasks_completed, tasks_failed, tasks_timed_out, avg_duration_ms, p95_duration_ms, min_duration_ms,
       max_duration_ms, avg_time_to_pickup_ms, uptime_ms, busy_ms, utilization_pct::float8 as utilization_pct from agent_metrics`,
  )
  return { events, traces, agents }
}

function micros(column: string): string {
  return `(extract(epoch from ${column}) * 1000000)::bigint as ${column}`
}
