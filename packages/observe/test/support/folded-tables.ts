import type { AgentRow, EventRow, SwarmTables, TraceRow as TraceColumns } from '@chronicle/testing'
import type { AgentContribution, SwarmEvent, TraceRow } from '../../src/contract.ts'
import {
  type AgentDay,
  addContributions,
  addEvents,
  addHeartbeat,
  agentRow,
  contributionOf,
  emptyAgentDay,
  emptyTraceState,
  extremesUnknown,
  heartbeatOf,
  isEmptyDay,
  projectTrace,
  removeContributions,
  type TraceState,
  withExtremes,
} from '../../src/projection/index.ts'

type Trace = {
  readonly state: TraceState
  readonly row: TraceRow
  readonly contribution: AgentContribution | undefined
}

/** The three tables in memory, kept by the projections alone, batch after batch. States go through JSON as they do through jsonb. */
export class FoldedTables {
  readonly #events = new Map<string, SwarmEvent>()
  readonly #traces = new Map<string, Trace>()
  /** By day and agent. */
  readonly #days = new Map<string, AgentDay>()

  write(batch: readonly SwarmEvent[]): void {
    const added = batch.filter(event => {
      if (this.#events.has(event.eventId)) return false
      this.#events.set(event.eventId, event)
      return true
    })
    const touched = new Set<string>()
    for (const [traceId, events] of Map.groupBy(added, event => event.traceId)) this.#extend(traceId, events, touched)
    for (const event of added) {
      const heartbeat = heartbeatOf(event)
      if (heartbeat) this.#change(heartbeat, touched, day => addHeartbeat(day, heartbeat))
    }
    for (const key of touched) if (extremesUnknown(this.#days.get(key)!)) this.#lookUpExtremes(key)
  }

  tables(): SwarmTables {
    return {
      events: [...this.#events.values()].map(eventColumns),
      traces: [...this.#traces.values()].map(({ row }) => traceColumns(row)),
      agents: [...this.#days].filter(([, day]) => !isEmptyDay(day)).map(([key, day]) => agentColumns(key, day)),
    }
  }

  #extend(traceId: string, events: readonly SwarmEvent[], touched: Set<string>): void {
    const before = this.#traces.get(traceId)
    const state = throughJson(addEvents(before?.state ?? emptyTraceState, events))
    const row = projectTrace(traceId, state)
    const contribution = contributionOf(row, state)
    this.#traces.set(traceId, { state, row, contribution })
    const was = before?.contribution
    if (was) this.#change(was, touched, day => removeContributions(day, [was]))
    if (contribution) this.#change(contribution, touched, day => addContributions(day, [contribution]))
  }

  #change(of: { agentId: string; day: string }, touched: Set<string>, change: (day: AgentDay) => AgentDay): void {
    const key = keyOf(of)
    this.#days.set(key, throughJson(change(this.#days.get(key) ?? emptyAgentDay)))
    touched.add(key)
  }

  #lookUpExtremes(key: string): void {
    const durations = [...this.#traces.values()]
      .filter(({ contribution }) => contribution && keyOf(contribution) === key)
      .flatMap(({ row }) => row.durationMs ?? [])
    const extremes = { minMs: Math.min(...durations), maxMs: Math.max(...durations) }
    this.#days.set(key, withExtremes(this.#days.get(key)!, extremes))
  }
}

/** The day has no space in it. */
function keyOf({ agentId, day }: { readonly agentId: string; readonly day: string }): string {
  return `${day} ${agentId}`
}

function throughJson<T>(value: T): T {
  return JSON.parse(JSON.stringify(value))
}

function eventColumns(event: SwarmEvent): EventRow {
  return {
    event_id: event.eventId,
    trace_id: event.traceId,
    source: event.source,
    event_type: event.eventType,
    timestamp: event.timestampMicros,
    metadata: event.metadata,
  }
}

function traceColumns(row: TraceRow): TraceColumns {
  return {
    trace_id: row.traceId,
    task_title: row.taskTitle,
    owner: row.owner,
    status: row.status,
    assigned_agent: row.assignedAgent,
    started_at: row.startedMicros,
    completed_at: row.completedMicros,
    duration_ms: row.durationMs,
    time_to_pickup_ms: row.timeToPickupMs,
    span_count: row.spanCount,
    error: row.error,
    scoring_breakdown: row.scoringBreakdown,
    out_of_order: row.outOfOrder,
  }
}

function agentColumns(key: string, day: AgentDay): AgentRow {
  const row = agentRow(day)
  return {
    agent_id: key.slice(key.indexOf(' ') + 1),
    metric_date: key.slice(0, key.indexOf(' ')),
    tasks_completed: row.tasksCompleted,
    tasks_failed: row.tasksFailed,
    tasks_timed_out: row.tasksTimedOut,
    avg_duration_ms: row.avgDurationMs,
    p95_duration_ms: row.p95DurationMs,
    min_duration_ms: row.minDurationMs,
    max_duration_ms: row.maxDurationMs,
    avg_time_to_pickup_ms: row.avgTimeToPickupMs,
    uptime_ms: row.uptimeMs,
    busy_ms: row.busyMs,
    utilization_pct: row.utilizationPct,
  }
}
