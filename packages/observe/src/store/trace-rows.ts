import type { AgentContribution, SwarmEvent, TraceRow } from '../contract.ts'
import type { Queries } from '../database/contract.ts'
import { addEvents, contributionOf, emptyTraceState, projectTrace, type TraceState } from '../projection/index.ts'
import { encodeRows, microsOf, upsert } from './columns.ts'

/** What a batch makes of one trace: what it added to its agent's day before, and what it adds now. */
export type ChangedTrace = {
  readonly traceId: string
  readonly before: AgentContribution | undefined
  readonly after: AgentContribution | undefined
}

type StoredTrace = {
  readonly trace_id: string
  readonly state: TraceState
  readonly first_micros: number
  readonly last_micros: number
}

const columns = {
  trace_id: 'text',
  task_title: 'text',
  owner: 'text',
  status: 'text',
  assigned_agent: 'text',
  started_at: 'micros',
  completed_at: 'micros',
  duration_ms: 'bigint',
  time_to_pickup_ms: 'bigint',
  span_count: 'int',
  error: 'text',
  scoring_breakdown: 'jsonb',
  out_of_order: 'int',
  first_event_at: 'micros',
  last_event_at: 'micros',
  metrics_agent: 'text',
  metrics_date: 'date',
  state: 'jsonb',
} as const

// In one order, whoever locks them: retention takes traces too.
const lockTraces = `select trace_id, state, ${microsOf('first_event_at')} as first_micros, ${microsOf('last_event_at')} as last_micros
  from swarm_traces where trace_id = any ($1::text[])
  order by trace_id for update`

const upsertTraces = upsert('swarm_traces', columns, ['trace_id'])

/** Brings the traces of `events`, which are new, up to date. */
export async function foldTraces(queries: Queries, events: readonly SwarmEvent[]): Promise<ChangedTrace[]> {
  const byTrace = Map.groupBy(events, event => event.traceId)
  if (byTrace.size === 0) return []
  const ids = [...byTrace.keys()].sort()
  const stored = await queries.query<StoredTrace>(lockTraces, [ids])
  const storedById = new Map(stored.map(trace => [trace.trace_id, trace]))
  const folded = ids.map(id => foldTrace(id, storedById.get(id), byTrace.get(id)!))
  await queries.query(upsertTraces, [
    encodeRows(
      columns,
      folded.map(({ row }) => row),
    ),
  ])
  return folded.map(({ change }) => change)
}

function foldTrace(traceId: string, stored: StoredTrace | undefined, events: readonly SwarmEvent[]) {
  const state = addEvents(stored?.state ?? emptyTraceState, events)
  const trace = projectTrace(traceId, state)
  const before = stored && contributionOf(projectTrace(traceId, stored.state), stored.state)
  const after = contributionOf(trace, state)
  let first = stored?.first_micros ?? Number.POSITIVE_INFINITY
  let last = stored?.last_micros ?? Number.NEGATIVE_INFINITY
  for (const { timestampMicros } of events) {
    first = Math.min(first, timestampMicros)
    last = Math.max(last, timestampMicros)
  }
  const row = {
    ...columnsOf(trace),
    first_event_at: first,
    last_event_at: last,
    metrics_agent: after?.agentId ?? null,
    metrics_date: after?.day ?? null,
    state,
  }
  return { row, change: { traceId, before, after } }
}

function columnsOf(trace: TraceRow) {
  return {
    trace_id: trace.traceId,
    task_title: trace.taskTitle,
    owner: trace.owner,
    status: trace.status,
    assigned_agent: trace.assignedAgent,
    started_at: trace.startedMicros,
    completed_at: trace.completedMicros,
    duration_ms: trace.durationMs,
    time_to_pickup_ms: trace.timeToPickupMs,
    span_count: trace.spanCount,
    error: trace.error,
    scoring_breakdown: trace.scoringBreakdown,
    out_of_order: trace.outOfOrder,
  }
}
