import type { SwarmEvent } from './message.ts'
import { type ModelTrace, microsOf, modelTrace } from './model-trace.ts'
import type { AgentRow, EventRow, SwarmTables, TraceRow } from './tables.ts'

/** A heartbeat that reports more is wrong about its unit. */
const reportedMsMax = 1e10

/**
 * What the tables must hold after these distinct events, by the rules alone: everything is kept, sorted and counted
 * at the end. Slow and plain, so that it can judge what is fast.
 */
export function swarmTables(events: readonly SwarmEvent[]): SwarmTables {
  const byTrace = Map.groupBy(events, event => event.message.trace_id)
  const traces = [...byTrace].map(([traceId, ofTrace]) => modelTrace(traceId, ofTrace))
  return { events: events.map(eventRow), traces: traces.map(trace => trace.row), agents: agentRows(traces, events) }
}

function eventRow(event: SwarmEvent): EventRow {
  const { event_id, trace_id, source = '', event_type, metadata = {} } = event.message
  return { event_id, trace_id, source, event_type, timestamp: microsOf(event), metadata }
}

type Ended = { readonly agentDay: string; readonly row: TraceRow }
type Heartbeat = { readonly agentDay: string; readonly uptimeMs: number; readonly busyMs: number }

function agentRows(traces: readonly ModelTrace[], events: readonly SwarmEvent[]): AgentRow[] {
  const ended = Map.groupBy(traces.flatMap(endedOf), each => each.agentDay)
  const heartbeats = Map.groupBy(events.flatMap(heartbeatOf), each => each.agentDay)
  const agentDays = new Set([...ended.keys(), ...heartbeats.keys()])
  return [...agentDays].map(agentDay => {
    const rows = (ended.get(agentDay) ?? []).map(({ row }) => row)
    return agentRow(agentDay, rows, heartbeats.get(agentDay) ?? [])
  })
}

/** Of a trace that has ended and whose agent is known. */
function endedOf({ row, finalSource }: ModelTrace): Ended[] {
  const agent = row.assigned_agent || finalSource
  return row.completed_at === null || agent === '' ? [] : [{ agentDay: agentDayOf(agent, row.completed_at), row }]
}

function heartbeatOf(event: SwarmEvent): Heartbeat[] {
  const { source, event_type, metadata = {} } = event.message
  if (event_type !== 'agent.heartbeat' || event.isDeadLetter) return []
  const agent = source || metadata.agent
  const { uptime_ms, busy_ms } = metadata
  if (typeof agent !== 'string' || agent === '' || !isReported(uptime_ms) || !isReported(busy_ms)) return []
  const agentDay = agentDayOf(agent, microsOf(event))
  return [{ agentDay, uptimeMs: Math.round(uptime_ms), busyMs: Math.round(busy_ms) }]
}

function isReported(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= reportedMsMax
}

/** Agent and UTC day as one key. The day has no space in it. */
function agentDayOf(agent: string, micros: number): string {
  return `${new Date(Math.floor(micros / 1_000)).toISOString().slice(0, 10)} ${agent}`
}

function agentRow(agentDay: string, traces: readonly TraceRow[], heartbeats: readonly Heartbeat[]): AgentRow {
  const durations = traces.flatMap(row => row.duration_ms ?? []).sort((a, b) => a - b)
  const pickups = traces.flatMap(row => row.time_to_pickup_ms ?? [])
  const uptime = sum(heartbeats.map(each => each.uptimeMs))
  const busy = sum(heartbeats.map(each => each.busyMs))
  const count = (status: string) => traces.filter(row => row.status === status).length
  return {
    agent_id: agentDay.slice(agentDay.indexOf(' ') + 1),
    metric_date: agentDay.slice(0, agentDay.indexOf(' ')),
    tasks_completed: count('completed'),
    tasks_failed: count('failed'),
    tasks_timed_out: count('timed_out'),
    avg_duration_ms: average(durations),
    p95_duration_ms: durations[Math.ceil(0.95 * durations.length) - 1] ?? null,
    min_duration_ms: durations[0] ?? null,
    max_duration_ms: durations.at(-1) ?? null,
    avg_time_to_pickup_ms: average(pickups),
    uptime_ms: uptime,
    busy_ms: busy,
    utilization_pct: uptime === 0 ? null : Math.round((busy / uptime) * 10_000) / 100,
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

function average(values: readonly number[]): number | null {
  return values.length === 0 ? null : Math.round(sum(values) / values.length)
}
