import type { AgentContribution, SwarmEvent } from '../contract.ts'
import type { Queries } from '../database/contract.ts'
import {
  type AgentDay,
  addContributions,
  addHeartbeat,
  agentRow,
  emptyAgentDay,
  extremesUnknown,
  type Heartbeat,
  heartbeatOf,
  isAgentDay,
  isEmptyDay,
  removeContributions,
  sameContribution,
  withExtremes,
} from '../projection/index.ts'
import { encodeRows, incoming, upsert } from './columns.ts'
import { checkStates } from './stored-states.ts'
import type { ChangedTrace } from './trace-rows.ts'

const keyColumns = { agent_id: 'text', metric_date: 'date' } as const
const columns = {
  ...keyColumns,
  tasks_completed: 'int',
  tasks_failed: 'int',
  tasks_timed_out: 'int',
  avg_duration_ms: 'bigint',
  p95_duration_ms: 'bigint',
  min_duration_ms: 'bigint',
  max_duration_ms: 'bigint',
  avg_time_to_pickup_ms: 'bigint',
  uptime_ms: 'bigint',
  busy_ms: 'bigint',
  utilization_pct: 'numeric',
  state: 'jsonb',
} as const

const readDays = `select agent_id, metric_date, state from agent_metrics join ${incoming(keyColumns)} using (agent_id, metric_date)`
const upsertDays = upsert('agent_metrics', columns, ['agent_id', 'metric_date'])
const deleteDays = `delete from agent_metrics using ${incoming(keyColumns)}
  where agent_metrics.agent_id = incoming.agent_id and agent_metrics.metric_date = incoming.metric_date`
// Day by day, by the index: of a join the planner takes the number of days for a hundred, and reads all traces.
const readExtremes = `select agent_id, metric_date, min_ms, max_ms from ${incoming(keyColumns)}, lateral (
    select min(duration_ms) as min_ms, max(duration_ms) as max_ms from swarm_traces
    where metrics_agent = incoming.agent_id and metrics_date = incoming.metric_date) as extremes where min_ms is not null`

type DayKey = { readonly agent_id: string; readonly metric_date: string }

/** What a batch does to one agent's day. */
type DayChange = { key: DayKey; removed: AgentContribution[]; added: AgentContribution[]; heartbeats: Heartbeat[] }

/**
 * Brings the days of agents up to date with traces that changed, whose rows are written already, and with the heartbeats among `events`, which are new. What a trace added before
 * is taken away, what it adds now is added (OD4).
 */
export async function foldAgentDays(
  queries: Queries,
  traces: readonly ChangedTrace[],
  events: readonly SwarmEvent[],
): Promise<void> {
  const changes = changesOf(traces, events)
  if (changes.length === 0) return
  const keys = encodeRows(
    keyColumns,
    changes.map(change => change.key),
  )
  const stored = await queries.query<DayKey & { state: AgentDay }>(readDays, [keys])
  checkStates('agent_metrics', stored, isAgentDay)
  const states = new Map(stored.map(({ agent_id, metric_date, state }) => [nameOf(agent_id, metric_date), state]))
  const days = changes.map(change => ({
    key: change.key,
    day: applyTo(states.get(nameOf(change.key.agent_id, change.key.metric_date)) ?? emptyAgentDay, change),
  }))
  const known = await lookUpExtremes(queries, days)
  const kept = known.filter(({ day }) => !isEmptyDay(day))
  const gone = known.filter(({ day }) => isEmptyDay(day))
  if (kept.length > 0)
    await queries.query(upsertDays, [
      encodeRows(
        columns,
        kept.map(({ key, day }) => rowOf(key, day)),
      ),
    ])
  if (gone.length > 0)
    await queries.query(deleteDays, [
      encodeRows(
        keyColumns,
        gone.map(({ key }) => key),
      ),
    ])
}

function changesOf(traces: readonly ChangedTrace[], events: readonly SwarmEvent[]): DayChange[] {
  const changes = new Map<string, DayChange>()
  const changeOf = (agentId: string, day: string): DayChange => {
    const name = nameOf(agentId, day)
    let change = changes.get(name)
    if (change === undefined) {
      change = { key: { agent_id: agentId, metric_date: day }, removed: [], added: [], heartbeats: [] }
      changes.set(name, change)
    }
    return change
  }
  for (const { before, after } of traces) {
    if (sameContribution(before, after)) continue
    if (before) changeOf(before.agentId, before.day).removed.push(before)
    if (after) changeOf(after.agentId, after.day).added.push(after)
  }
  for (const event of events) {
    const heartbeat = heartbeatOf(event)
    if (heartbeat) changeOf(heartbeat.agentId, heartbeat.day).heartbeats.push(heartbeat)
  }
  return [...changes.values()]
}

function applyTo(day: AgentDay, { removed, added, heartbeats }: DayChange): AgentDay {
  let changed = addContributions(removeContributions(day, removed), added)
  for (const heartbeat of heartbeats) changed = addHeartbeat(changed, heartbeat)
  return changed
}

/** Where a shortest or longest duration was taken away the traces tell the new one. */
async function lookUpExtremes(queries: Queries, days: readonly { key: DayKey; day: AgentDay }[]) {
  const unknown = days.filter(({ day }) => extremesUnknown(day))
  if (unknown.length === 0) return days
  const keys = encodeRows(
    keyColumns,
    unknown.map(({ key }) => key),
  )
  const found = await queries.query<DayKey & { min_ms: number; max_ms: number }>(readExtremes, [keys])
  const extremes = new Map(
    found.map(row => [nameOf(row.agent_id, row.metric_date), { minMs: row.min_ms, maxMs: row.max_ms }]),
  )
  return days.map(({ key, day }) => {
    const looked = extremesUnknown(day) ? extremes.get(nameOf(key.agent_id, key.metric_date)) : undefined
    return { key, day: looked ? withExtremes(day, looked) : day }
  })
}

function rowOf(key: DayKey, day: AgentDay) {
  const row = agentRow(day)
  return {
    ...key,
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
    state: day,
  }
}

/** Agents' names are any text, days have one length. */
function nameOf(agentId: string, day: string): string {
  return `${day} ${agentId}`
}
