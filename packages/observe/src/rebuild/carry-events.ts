/** Events that the log does not have any more, or was not asked for: from the tables in force into the shadow (OR1). */

import { assert } from '@chronicle/base'
import type { JsonObject, SwarmEvent } from '../contract.ts'
import { addEvents } from '../store/add-events.ts'
import { microsOf } from '../store/columns.ts'
import { makePartitions, weekOf } from '../store/partitions.ts'
import { eventBytesAtOnce, eventsAtOnce, keysAtOnce } from './limits.ts'
import { type Key, type Portion, portionsOf, within } from './portions.ts'
import { horizonText, namesOf, type Shadow } from './shadow.ts'

export const eventKey: Key = [{ name: 'event_id', type: 'uuid' }]

type EventRow = {
  readonly event_id: string
  readonly trace_id: string
  readonly source: string
  readonly event_type: string
  readonly micros: number
  readonly metadata: JsonObject
  readonly is_dead_letter: boolean
  /** Rows of the portion up to the limit, those included that were too many bytes for this time. */
  readonly found: number
}

export type CarryOptions = {
  readonly signal: AbortSignal
  /** Told how many rows more are done. */
  readonly onProgress: (rows: number) => void
}

/**
 * Adds the events since the horizon that the shadow has not got, and gives back how many. What the shadow has of an id stays, whatever the table in force says of it:
 * it came from the log. Events get back the time at which the tables first had them.
 */
export async function carryEvents(shadow: Shadow, { signal, onProgress }: CarryOptions): Promise<number> {
  const { old } = namesOf(shadow, 'swarm_events')
  let carried = 0
  for await (const portion of portionsOf(shadow.database, [old], eventKey, keysAtOnce[shadow.database.kind])) {
    for (let isLast = false; !isLast; ) {
      signal.throwIfAborted()
      const missing = await readMissing(shadow, portion)
      const added = missing.events.length === 0 ? 0 : await add(shadow, missing.events)
      assert(added > 0 || missing.isLast, 'events that are missing can be added')
      carried += added
      onProgress(added)
      isLast = missing.isLast
    }
    await carryTimes(shadow, portion)
  }
  return carried
}

/** `isLast` when there were no more: what comes meanwhile is not waited for, the log brings it. */
async function readMissing(
  shadow: Shadow,
  portion: Portion,
): Promise<{ readonly events: readonly SwarmEvent[]; readonly isLast: boolean }> {
  const { old, made } = namesOf(shadow, 'swarm_events')
  const values = [horizonText(shadow)]
  const isWithin = within(portion, eventKey, 'old', values)
  const rows = await shadow.database.query<EventRow>(
    `with missing as materialized (
        select old.*, octet_length(old.metadata::text) as bytes from ${old} as old
        where ${isWithin} and old.timestamp >= $1::timestamptz
          and not exists (select from ${made} as made where made.event_id = old.event_id)
        order by old.event_id, old.timestamp limit ${eventsAtOnce}),
      measured as (select *, count(*) over () as found, coalesce(sum(bytes) over (order by event_id, missing.timestamp
        rows between unbounded preceding and 1 preceding), 0) as bytes_before from missing)
      select event_id, trace_id, source, event_type, ${microsOf('measured.timestamp')} as micros, metadata, is_dead_letter, found
      from measured where bytes_before < ${eventBytesAtOnce} order by event_id, measured.timestamp`,
    values,
  )
  // An id that somebody has put there twice is one event.
  const events = rows.filter((row, at) => row.event_id !== rows[at - 1]?.event_id).map(eventOf)
  const found = rows[0]?.found ?? 0
  return { events, isLast: found < eventsAtOnce && found === rows.length }
}

/** Whatever their age: what is older than events are kept was not when it came, and stays until its whole week is. */
async function add({ tables }: Shadow, events: readonly SwarmEvent[]): Promise<number> {
  await makePartitions(tables, new Set(events.map(({ timestampMicros }) => weekOf(timestampMicros / 1000))))
  return tables.transaction(async transaction => (await addEvents(transaction, events)).events.length)
}

async function carryTimes(shadow: Shadow, portion: Portion): Promise<void> {
  const { old, made } = namesOf(shadow, 'swarm_events')
  const values: string[] = []
  const conditions = [within(portion, eventKey, 'old', values), within(portion, eventKey, 'made', values)]
  await shadow.tables.query(
    `update ${made} as made set created_at = old.created_at from ${old} as old
      where made.event_id = old.event_id and ${conditions.join(' and ')} and made.created_at <> old.created_at`,
    values,
  )
}

function eventOf(row: EventRow): SwarmEvent {
  return {
    eventId: row.event_id,
    traceId: row.trace_id,
    source: row.source,
    eventType: row.event_type,
    timestampMicros: row.micros,
    metadata: row.metadata,
    isDeadLetter: row.is_dead_letter,
  }
}
