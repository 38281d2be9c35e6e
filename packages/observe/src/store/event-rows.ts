import type { SwarmEvent } from '../contract.ts'
import type { Queries } from '../database/contract.ts'
import { encodeRows, incoming, names } from './columns.ts'

const columns = {
  event_id: 'uuid',
  trace_id: 'text',
  source: 'text',
  event_type: 'text',
  timestamp: 'micros',
  metadata: 'jsonb',
  is_dead_letter: 'boolean',
} as const

// Ids are looked up in every partition: the key of one cannot keep an event out that another one has (OD3). As a parameter of its own the planner knows
// how many they are; a join with `incoming`, of whose size it knows nothing, would read whole partitions.
const insertNew = `with stored as materialized (select event_id from swarm_events where event_id = any ($2::uuid[]))
  insert into swarm_events (${names(columns)}) select ${names(columns)} from ${incoming(columns)}
  where not exists (select from stored where stored.event_id = incoming.event_id)
  returning event_id`

/** Adds those of `events`, whose ids differ, that the table does not have yet, and gives them back. The caller has the writer's lock. */
export async function insertEvents(queries: Queries, events: readonly SwarmEvent[]): Promise<SwarmEvent[]> {
  if (events.length === 0) return []
  const rows = events.map(event => ({
    event_id: event.eventId,
    trace_id: event.traceId,
    source: event.source,
    event_type: event.eventType,
    timestamp: event.timestampMicros,
    metadata: event.metadata,
    is_dead_letter: event.isDeadLetter,
  }))
  const ids = events.map(event => event.eventId)
  const inserted = await queries.query<{ event_id: string }>(insertNew, [encodeRows(columns, rows), ids])
  const added = new Set(inserted.map(row => row.event_id))
  return events.filter(event => added.has(event.eventId))
}
