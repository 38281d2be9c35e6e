import type { SwarmEvent } from '../contract.ts'
import type { Queries, Transaction } from '../database/contract.ts'
import { CopyRows } from '../database/copy-rows.ts'
import { whileRunning } from './while-running.ts'

const columns = ['event_id', 'trace_id', 'source', 'event_type', '"timestamp"', 'metadata', 'is_dead_letter']
const into = `swarm_events (${columns.join(', ')})`

// In every partition: the key of one cannot keep an event out that another one has (OD3). The planner does not know how long the array of a subquery is, and takes the
// index; a known one it would weigh id by id, and read whole partitions then. Sorted here they are not sorted again for each partition.
const selectKnown = `select event_id from swarm_events
  where event_id = any (array(select id from unnest($1::uuid[]) as ids(id) order by id))`

/** Events that the table does not have yet, and their rows. */
export type NewEvents = { readonly events: readonly SwarmEvent[]; readonly rows: Uint8Array }

/** Those of `events`, whose ids differ, that the table does not have. It stays true as long as the caller has the writer's lock. */
export async function findNew(queries: Queries, events: readonly SwarmEvent[]): Promise<NewEvents> {
  const finding = queries.query<{ event_id: string }>(selectKnown, [events.map(event => event.eventId)])
  const [found, rows] = await whileRunning(finding, () => encode(events))
  const known = new Set(found.map(row => row.event_id))
  if (known.size === 0) return { events, rows: rows.end() }
  const isNew = events.map(event => !known.has(event.eventId))
  return { events: events.filter((_, row) => isNew[row]), rows: rows.end(row => isNew[row]!) }
}

/** Adds them; see {@link Transaction}. */
export function copyEvents(transaction: Transaction, { rows }: NewEvents): Promise<{ readonly done: Promise<void> }> {
  return transaction.copy(into, rows)
}

function encode(events: readonly SwarmEvent[]): CopyRows {
  const rows = new CopyRows()
  for (const event of events) {
    rows.row(columns.length)
    rows.uuid(event.eventId)
    rows.text(event.traceId)
    rows.text(event.source)
    rows.text(event.eventType)
    rows.timestamptz(event.timestampMicros)
    rows.jsonb(event.metadata)
    rows.boolean(event.isDeadLetter)
  }
  return rows
}
