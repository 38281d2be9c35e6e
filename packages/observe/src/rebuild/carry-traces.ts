/** Traces that began before the horizon: what their events before it made of them, which nothing but their rows in force tells any more (OR2). */

import type { Queries } from '../database/contract.ts'
import { lifecycleTypes } from '../projection/lifecycle.ts'
import { isTraceState, type TraceState } from '../projection/trace-state.ts'
import { foldAgentDays } from '../store/agent-rows.ts'
import { microsOf } from '../store/columns.ts'
import { mergeTraces, type TracePart } from '../store/trace-rows.ts'
import type { CarryOptions } from './carry-events.ts'
import { gonePart } from './gone-part.ts'
import { tracesAtOnce } from './limits.ts'
import { type Key, type Portion, portionsOf, within } from './portions.ts'
import { columnsOf, horizonText, namesOf, type Shadow } from './shadow.ts'

export const traceKey: Key = [{ name: 'trace_id', type: 'text' }]

type StraddlingRow = {
  readonly trace_id: string
  readonly state: TraceState
  readonly first_micros: number
  readonly last_micros: number
  readonly known: number
  readonly known_lifecycle: number
}

/**
 * Carries traces over, portion by portion. One that ended before the horizon is copied. One with events on both sides of it gets what is gone merged into what the shadow has computed from
 * the rest. To be called once for a shadow, when it has the events.
 */
export async function carryTraces(shadow: Shadow, { signal, onProgress }: CarryOptions): Promise<void> {
  const { old } = namesOf(shadow, 'swarm_traces')
  for await (const portion of portionsOf(shadow.database, [old], traceKey, tracesAtOnce)) {
    signal.throwIfAborted()
    const parts = (await readStraddling(shadow, portion)).flatMap(row => partOf(row, shadow.horizonMs))
    const copied = await shadow.tables.transaction(async queries => {
      // What is added to days before the horizon is in them already: they are carried over once more in the end.
      await foldAgentDays(queries, await mergeTraces(queries, parts), [])
      return copyEnded(queries, shadow, portion)
    })
    onProgress(parts.length + copied)
  }
}

/**
 * Traces of both sides, and those that the shadow knows otherwise than the rows in force say. How many of their events are known is counted in both tables together, and in the same statement as the
 * state is read: the tables in force may have newer ones, and the shadow may have some that somebody has removed there.
 */
function readStraddling(shadow: Shadow, portion: Portion): Promise<StraddlingRow[]> {
  const [traces, events] = [namesOf(shadow, 'swarm_traces'), namesOf(shadow, 'swarm_events')]
  const types = lifecycleTypes.map(type => `'${type}'`).join(', ')
  const values = [horizonText(shadow)]
  const isWithin = within(portion, traceKey, 'old', values)
  return shadow.database.query<StraddlingRow>(
    `select old.trace_id, old.state, ${microsOf('old.first_event_at')} as first_micros, ${microsOf('old.last_event_at')} as last_micros,
        known.events as known, known.lifecycle as known_lifecycle
      from ${traces.old} as old, lateral (
        select count(*) as events, count(*) filter (where event_type in (${types}) and not is_dead_letter) as lifecycle
        from (select distinct on (event_id) event_type, is_dead_letter from (
          select event_id, event_type, is_dead_letter, 1 as place from ${events.made} where trace_id = old.trace_id
          union all select event_id, event_type, is_dead_letter, 2 from ${events.old} as each
            where trace_id = old.trace_id and each.timestamp >= $1::timestamptz) as either
          order by event_id, place) as distinct_events) as known
      where ${isWithin} and old.first_event_at < $1::timestamptz
        and (old.last_event_at >= $1::timestamptz or exists (select from ${traces.made} as made where made.trace_id = old.trace_id))`,
    values,
  )
}

function partOf(row: StraddlingRow, horizonMs: number): TracePart[] {
  const known = { spans: row.known, lifecycle: row.known_lifecycle }
  // Nobody knows any more what it was.
  if (!isTraceState(row.state)) return []
  const state = gonePart(row.state, known, horizonMs * 1000)
  if (state === undefined) return []
  // Of events that are gone the first one's time is known; the last one's is no later than that of any that is not gone.
  const lastMicros = row.known === 0 ? row.last_micros : row.first_micros
  return [{ traceId: row.trace_id, state, firstMicros: row.first_micros, lastMicros }]
}

/** Traces without an event since the horizon, which the shadow has nothing of. */
async function copyEnded(queries: Queries, shadow: Shadow, portion: Portion): Promise<number> {
  const { old, made } = namesOf(shadow, 'swarm_traces')
  const columns = (await columnsOf(queries, made)).join(', ')
  const values = [horizonText(shadow)]
  const isWithin = within(portion, traceKey, 'old', values)
  const copied = await queries.query(
    `insert into ${made} (${columns}) select ${columns} from ${old} as old
      where ${isWithin} and old.first_event_at < $1::timestamptz and old.last_event_at < $1::timestamptz
        and not exists (select from ${made} as made where made.trace_id = old.trace_id)
      returning 1`,
    values,
  )
  return copied.length
}
