import { randomUUID } from 'node:crypto'
import { type Clock, systemClock } from '@chronicle/base'
import type { DeadLetter, JsonObject, SwarmEvent } from '../../src/contract.ts'
import type { Database } from '../../src/database/contract.ts'
import { BatchWriter } from '../../src/store/batch-writer.ts'
import { microsOf } from '../../src/store/columns.ts'

/** A Wednesday. */
export const nowMs = Date.UTC(2026, 10, 18, 12)
export const clock: Clock = { ...systemClock, now: () => nowMs }

/** An event `seconds` before now. */
export function event(
  eventType: string,
  seconds: number,
  more: Partial<SwarmEvent> & { metadata?: JsonObject } = {},
): SwarmEvent {
  return {
    eventId: randomUUID(),
    traceId: 'trace-1',
    source: 'dispatch',
    eventType,
    timestampMicros: (nowMs - seconds * 1000) * 1000,
    metadata: {},
    isDeadLetter: false,
    ...more,
  }
}

/** The events of a task that `agent` worked on for `seconds`, and ended `endedBefore` seconds before now. */
export function task(traceId: string, agent: string, seconds: number, endedBefore = 0): SwarmEvent[] {
  const startedBefore = endedBefore + seconds
  return [
    event('task.created', startedBefore + 3, { traceId, metadata: { title: `Title of ${traceId}`, owner: 'me' } }),
    event('task.assigned', startedBefore + 2, { traceId, metadata: { agent } }),
    event('task.started', startedBefore, { traceId, source: agent }),
    event('task.completed', endedBefore, { traceId, source: agent }),
  ]
}

/** A writer, and the dead letters that it wrote. */
export function writerOf(database: Database): { writer: BatchWriter; letters: DeadLetter[] } {
  const letters: DeadLetter[] = []
  const deadLetters = { add: async (more: readonly DeadLetter[]) => void letters.push(...more) }
  return { writer: new BatchWriter({ database, deadLetters, clock }), letters }
}

/** Everything that the tables hold and that events decide: all but `created_at`. */
export async function contentsOf(database: Database) {
  const events = await database.query(
    `select event_id, trace_id, source, event_type, ${microsOf('timestamp')} as at, metadata, is_dead_letter from swarm_events order by event_id`,
  )
  const traces = await database.query(
    `select to_jsonb(swarm_traces) - 'started_at' - 'completed_at' - 'first_event_at' - 'last_event_at' as row,
      ${microsOf('started_at')} as started, ${microsOf('completed_at')} as completed, ${microsOf('first_event_at')} as first,
      ${microsOf('last_event_at')} as last from swarm_traces order by trace_id`,
  )
  const agents = await database.query(
    'select to_jsonb(agent_metrics) as row from agent_metrics order by agent_id, metric_date',
  )
  return { events, traces, agents }
}

export async function emptyTables(database: Database): Promise<void> {
  await database.script('truncate swarm_events, swarm_traces, agent_metrics, observe_position')
}
