import type { AgentContribution, SwarmEvent, TraceRow } from '../contract.ts'
import type { Queries } from '../database/contract.ts'
import {
  addEvents,
  contributionOf,
  emptyTraceState,
  isTraceState,
  mergeTraceStates,
  projectTrace,
  type TraceState,
} from '../projection/index.ts'
import { encodeRows, microsOf, type RowOf, upsert } from './columns.ts'
import { checkStates } from './stored-states.ts'

/** What a batch makes of one trace: what it added to its agent's day before, what it adds now, and its row. */
export type ChangedTrace = {
  readonly traceId: string
  readonly before: AgentContribution | undefined
  readonly after: AgentContribution | undefined
  readonly row: RowOf<typeof columns>
}

type StoredTrace = {
  readonly trace_id: string
  readonly state: TraceState
  readonly first_micros: number
  readonly last_micros: number
}

export type StoredTraces = ReadonlyMap<string, StoredTrace>

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

// In one order, whoever locks them: retention takes traces too. By the index, however many they are, see event-rows.ts.
const selectTraces = `select trace_id, state, ${microsOf('first_event_at')} as first_micros, ${microsOf('last_event_at')} as last_micros
  from swarm_traces where trace_id = any (array(select unnest($1::text[])))
  order by trace_id for update`

const upsertTraces = upsert('swarm_traces', columns, ['trace_id'])

/** What some of a trace's events say, which the table does not have yet: their state, and the times of the first and the last. */
export type TracePart = {
  readonly traceId: string
  readonly state: TraceState
  readonly firstMicros: number
  readonly lastMicros: number
}

/** One part a trace. */
export function partsOf(events: readonly SwarmEvent[]): TracePart[] {
  return [...Map.groupBy(events, event => event.traceId)].map(([traceId, ofTrace]) => {
    let firstMicros = Number.POSITIVE_INFINITY
    let lastMicros = Number.NEGATIVE_INFINITY
    for (const { timestampMicros } of ofTrace) {
      firstMicros = Math.min(firstMicros, timestampMicros)
      lastMicros = Math.max(lastMicros, timestampMicros)
    }
    return { traceId, state: addEvents(emptyTraceState, ofTrace), firstMicros, lastMicros }
  })
}

/** Those of the traces that the table has, by their ids, locked until the transaction ends. Rejects with 'observe.tables-disagree' where somebody changed a state. */
export async function lockTraces(queries: Queries, parts: readonly TracePart[]): Promise<StoredTraces> {
  const stored = await queries.query<StoredTrace>(selectTraces, [parts.map(({ traceId }) => traceId)])
  checkStates('swarm_traces', stored, isTraceState)
  return new Map(stored.map(trace => [trace.trace_id, trace]))
}

/** What the parts, one a trace, make of what the table has. */
export function addParts(stored: StoredTraces, parts: readonly TracePart[]): ChangedTrace[] {
  return parts.map(part => addPart(stored.get(part.traceId), part))
}

export async function writeTraces(queries: Queries, traces: readonly ChangedTrace[]): Promise<void> {
  if (traces.length === 0) return
  const rows = traces.map(({ row }) => row)
  await queries.query(upsertTraces, [encodeRows(columns, rows)])
}

/** All of it, for whoever has nothing to do meanwhile. */
export async function mergeTraces(queries: Queries, parts: readonly TracePart[]): Promise<ChangedTrace[]> {
  const traces = addParts(await lockTraces(queries, parts), parts)
  await writeTraces(queries, traces)
  return traces
}

function addPart(stored: StoredTrace | undefined, part: TracePart): ChangedTrace {
  const { traceId } = part
  const state = stored ? mergeTraceStates(stored.state, part.state) : part.state
  const trace = projectTrace(traceId, state)
  const before = stored && contributionOf(projectTrace(traceId, stored.state), stored.state)
  const after = contributionOf(trace, state)
  const row = {
    ...columnsOf(trace),
    first_event_at: stored ? Math.min(stored.first_micros, part.firstMicros) : part.firstMicros,
    last_event_at: stored ? Math.max(stored.last_micros, part.lastMicros) : part.lastMicros,
    metrics_agent: after?.agentId ?? null,
    metrics_date: after?.day ?? null,
    state,
  }
  return { traceId, before, after, row }
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
