import type { Database } from '../database/contract.ts'
import { eventsKeptMs, partitionsAheadMs, tracesDeletedAtOnce, tracesKeptMs } from './limits.ts'
import { dropPartitions, makePartitions, weekMs, weekOf } from './partitions.ts'

export type RetentionReport = {
  readonly partitionsMade: number
  readonly partitionsDropped: number
  readonly tracesDeleted: number
}

// Rows that the writer works on are left to the next time: it locks them in another order.
const deleteTraces = `with gone as (
    select trace_id from swarm_traces where first_event_at < $1::timestamptz and last_event_at < $1::timestamptz
    order by first_event_at, trace_id limit ${tracesDeletedAtOnce} for update skip locked)
  delete from swarm_traces using gone where swarm_traces.trace_id = gone.trace_id returning 1`

/**
 * Makes the partitions of the weeks to come, drops those of events that are kept no longer, and deletes traces whose last event is too old (OD6). To be called at start and every few
 * hours; what fails is done the next time. Traces have no partitions: their key is the trace alone, and their time moves with every event.
 */
export async function applyRetention(database: Database, nowMs: number): Promise<RetentionReport> {
  const made = await makePartitions(database, weeksTo(nowMs + partitionsAheadMs, nowMs))
  const dropped = await dropPartitions(database, nowMs - eventsKeptMs)
  const before = new Date(nowMs - tracesKeptMs).toISOString()
  let tracesDeleted = 0
  let deleted: number
  do {
    deleted = (await database.query(deleteTraces, [before])).length
    tracesDeleted += deleted
  } while (deleted === tracesDeletedAtOnce)
  if (database.kind === 'embedded') await vacuum(database)
  return { partitionsMade: made.length, partitionsDropped: dropped.length, tracesDeleted }
}

/** The embedded PostgreSQL is one process, and has none to do this by itself: the room of replaced rows would never be used again. */
async function vacuum(database: Database): Promise<void> {
  for (const table of ['swarm_traces', 'agent_metrics', 'observe_position'])
    await database.script(`vacuum (analyze) ${table}`)
}

function weeksTo(endMs: number, startMs: number): number[] {
  const weeks: number[] = []
  for (let week = weekOf(startMs); week <= endMs; week += weekMs) weeks.push(week)
  return weeks
}
