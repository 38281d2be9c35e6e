/** What is asked of the tables. Rows have the names of their columns; times are RFC 3339 with microseconds, days `YYYY-MM-DD`. */

import type { Json, JsonObject, TraceStatus } from '../contract.ts'
import type { Queries, SqlValue } from '../database/contract.ts'
import { textFromMicros } from '../event/index.ts'
import { textProblem } from '../event/text.ts'
import { textOf } from './columns.ts'
import { decodeCursor, encodeCursor } from './cursor.ts'

/** A row of `swarm_events`. */
export type EventColumns = {
  readonly event_id: string
  readonly trace_id: string
  readonly source: string
  readonly event_type: string
  readonly timestamp: string
  readonly metadata: JsonObject
  readonly is_dead_letter: boolean
  readonly created_at: string
}

/** A row of `swarm_traces`. */
export type TraceColumns = {
  readonly trace_id: string
  readonly task_title: string | null
  readonly owner: string | null
  readonly status: TraceStatus
  readonly assigned_agent: string | null
  readonly started_at: string | null
  readonly completed_at: string | null
  readonly duration_ms: number | null
  readonly time_to_pickup_ms: number | null
  readonly span_count: number
  readonly error: string | null
  readonly scoring_breakdown: Json
  readonly out_of_order: number
  readonly first_event_at: string
  readonly last_event_at: string
}

/** A row of `agent_metrics`. */
export type AgentColumns = {
  readonly agent_id: string
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

export type Page<Row> = {
  readonly rows: readonly Row[]
  /** Of the page behind this one; absent on the last one. */
  readonly next?: string
}

/** A page of events ends with the one that brings their metadata to so many bytes of JSON, however many were asked for. */
export const eventPageBytesMax = 8 * 1024 * 1024

/** `limit` is at least 1, and checked by the caller. A cursor that is none fails with 'observe.invalid-cursor'. */
export type PageRequest = { readonly limit: number; readonly cursor?: string | undefined }

const eventColumns = `event_id, trace_id, source, event_type, ${textOf('timestamp')} as timestamp, metadata, is_dead_letter,
  ${textOf('created_at')} as created_at`
const traceColumns = `trace_id, task_title, owner, status, assigned_agent, ${textOf('started_at')} as started_at,
  ${textOf('completed_at')} as completed_at, duration_ms, time_to_pickup_ms, span_count, error, scoring_breakdown, out_of_order,
  ${textOf('first_event_at')} as first_event_at, ${textOf('last_event_at')} as last_event_at`
/** Narrows a list of traces. Times are those of the first event, in microseconds: `since` belongs to it, `until` does not. */
export type TraceFilter = {
  readonly status?: TraceStatus | undefined
  readonly agent?: string | undefined
  readonly owner?: string | undefined
  readonly sinceMicros?: number | undefined
  readonly untilMicros?: number | undefined
}

const agentColumns = `agent_id, metric_date, tasks_completed, tasks_failed, tasks_timed_out, avg_duration_ms, p95_duration_ms,
  min_duration_ms, max_duration_ms, avg_time_to_pickup_ms, uptime_ms, busy_ms, utilization_pct::float8 as utilization_pct`

/** A trace's events in the order of their times. A page may hold fewer than `limit` although there are more: {@link eventPageBytesMax}. */
export async function eventsOfTrace(queries: Queries, traceId: string, page: PageRequest): Promise<Page<EventColumns>> {
  const values: SqlValue[] = [traceId, page.limit + 1]
  let behind = ''
  if (page.cursor !== undefined) {
    const { at, id } = decodeCursor(page.cursor, isUuid)
    values.push(at, id)
    behind = 'and (swarm_events.timestamp, event_id) > ($3::timestamptz, $4::uuid)'
  }
  const rows = await queries.query<EventColumns & { readonly found: number }>(
    `with page as materialized (select *, octet_length(metadata::text) as bytes from swarm_events where trace_id = $1 ${behind}
        order by swarm_events.timestamp, event_id limit $2),
      measured as (select *, count(*) over () as found, coalesce(sum(bytes) over (order by page.timestamp, event_id
        rows between unbounded preceding and 1 preceding), 0) as bytes_before from page)
    select ${eventColumns}, found from measured where bytes_before < ${eventPageBytesMax} order by measured.timestamp, event_id`,
    values,
  )
  const found = rows[0]?.found ?? 0
  const events = rows.map(({ found: _, ...row }) => row)
  return pageOf(events, { limit: page.limit, found }, row => ({ at: row.timestamp, id: row.event_id }))
}

/** Traces, the one whose first event is newest first. */
export async function listTraces(queries: Queries, request: PageRequest & TraceFilter): Promise<Page<TraceColumns>> {
  const values: SqlValue[] = [request.limit + 1]
  const conditions = filterConditions(request, values)
  if (request.cursor !== undefined) {
    const { at, id } = decodeCursor(request.cursor, isHeld)
    const [time, trace] = [values.push(at), values.push(id)]
    conditions.push(`(swarm_traces.first_event_at, trace_id) < ($${time}::timestamptz, $${trace})`)
  }
  const where = conditions.length === 0 ? '' : `where ${conditions.join(' and ')}`
  const rows = await queries.query<TraceColumns>(
    `select ${traceColumns} from swarm_traces ${where}
      order by swarm_traces.first_event_at desc, trace_id desc limit $1`,
    values,
  )
  return pageOf(rows, { limit: request.limit, found: rows.length }, row => ({
    at: row.first_event_at,
    id: row.trace_id,
  }))
}

/** Adds the values of its parameters to `values`. */
function filterConditions(filter: TraceFilter, values: SqlValue[]): string[] {
  const { status, agent, owner, sinceMicros, untilMicros } = filter
  const conditions: string[] = []
  const add = (value: string | undefined, condition: (parameter: string) => string): void => {
    if (value !== undefined) conditions.push(condition(`$${values.push(value)}`))
  }
  add(status, parameter => `status = ${parameter}`)
  add(agent, parameter => `assigned_agent = ${parameter}`)
  add(owner, parameter => `owner = ${parameter}`)
  add(timeOf(sinceMicros), parameter => `swarm_traces.first_event_at >= ${parameter}::timestamptz`)
  add(timeOf(untilMicros), parameter => `swarm_traces.first_event_at < ${parameter}::timestamptz`)
  return conditions
}

function timeOf(micros: number | undefined): string | undefined {
  return micros === undefined ? undefined : textFromMicros(micros)
}

/** Undefined for a trace that is not known, or not kept any more. */
export async function readTrace(queries: Queries, traceId: string): Promise<TraceColumns | undefined> {
  const rows = await queries.query<TraceColumns>(`select ${traceColumns} from swarm_traces where trace_id = $1`, [
    traceId,
  ])
  return rows[0]
}

/** Undefined for an agent that has no day. */
export async function latestDayOf(queries: Queries, agentId: string): Promise<AgentColumns | undefined> {
  const rows = await queries.query<AgentColumns>(
    `select ${agentColumns} from agent_metrics where agent_id = $1 order by metric_date desc limit 1`,
    [agentId],
  )
  return rows[0]
}

/** Agents of a UTC day (`YYYY-MM-DD`), by name. */
export async function agentsOfDay(queries: Queries, day: string, page: PageRequest): Promise<Page<AgentColumns>> {
  const values: SqlValue[] = [day, page.limit + 1]
  const after = page.cursor === undefined ? undefined : decodeCursor(page.cursor, isHeld).id
  const behind = after === undefined ? '' : `and agent_id > $${values.push(after)}`
  const rows = await queries.query<AgentColumns>(
    `select ${agentColumns} from agent_metrics where metric_date = $1::date ${behind} order by agent_id limit $2`,
    values,
  )
  const startOfDay = `${day}T00:00:00.000000Z`
  return pageOf(rows, { limit: page.limit, found: rows.length }, row => ({ at: startOfDay, id: row.agent_id }))
}

/** One row more than asked for tells that there is a page behind. */
function pageOf<Row>(
  rows: readonly Row[],
  { limit, found }: { readonly limit: number; readonly found: number },
  placeOf: (row: Row) => { at: string; id: string },
): Page<Row> {
  if (found <= Math.min(limit, rows.length)) return { rows }
  const shown = rows.slice(0, limit)
  return { rows: shown, next: encodeCursor(placeOf(shown.at(-1)!)) }
}

/** What PostgreSQL can compare a text with. */
function isHeld(id: string): boolean {
  return textProblem(id) === undefined
}

function isUuid(id: string): boolean {
  return /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/.test(id)
}
