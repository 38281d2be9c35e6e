import type { Json, JsonObject } from './message.ts'

/** The three tables under their columns' names. Times are whole microseconds since the epoch. `created_at` is not compared. */
export type SwarmTables = {
  readonly events: readonly EventRow[]
  readonly traces: readonly TraceRow[]
  readonly agents: readonly AgentRow[]
}

export type EventRow = {
  readonly event_id: string
  readonly trace_id: string
  readonly source: string
  readonly event_type: string
  readonly timestamp: number
  readonly metadata: JsonObject
}

export type TraceRow = {
  readonly trace_id: string
  readonly task_title: string | null
  readonly owner: string | null
  readonly status: string
  readonly assigned_agent: string | null
  readonly started_at: number | null
  readonly completed_at: number | null
  readonly duration_ms: number | null
  readonly time_to_pickup_ms: number | null
  readonly span_count: number
  readonly error: string | null
  readonly scoring_breakdown: Json
  readonly out_of_order: number
}

export type AgentRow = {
  readonly agent_id: string
  /** `YYYY-MM-DD`, UTC. */
  readonly metric_date: string
  readonly tasks_completed: number
  readonly tasks_failed: number
  readonly tasks_timed_out: number
  readonly avg_duration_ms: number | null
  readonly p95_duration_ms: number | null
  readonly min_duration_ms: number | null
  readonly max_duration_ms: number | null
  readonly avg_time_to_pickup_ms: number | null
  readonly uptime_ms: number
  readonly busy_ms: number
  readonly utilization_pct: number | null
}
