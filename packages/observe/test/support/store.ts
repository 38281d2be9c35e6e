import { randomUUID } from 'node:crypto'
import { type Clock, seededRandom, systemClock } from '@chronicle/base'
import type { DeadLetter, JsonObject, SwarmEvent } from '../../src/contract.ts'
import type { Database } from '../../src/database/contract.ts'
import { uuidFrom } from '../../src/event/index.ts'
import { type Batch, BatchWriter } from '../../src/store/batch-writer.ts'
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

/** What a partition of the log holds in crash tests: the same with every call, for ids follow from where an event stands. */
export function logOf(traces: number): SwarmEvent[] {
  const { int } = seededRandom(traces)
  const events = Array.from({ length: traces }, (_, n) =>
    task(`t${n}`, `agent-${n % 7}`, 5 + int(500), int(9 * 86_400)),
  ).flat()
  const beats = Array.from({ length: traces }, (_, n) =>
    event('agent.heartbeat', n * 60, {
      source: `agent-${n % 7}`,
      metadata: { uptime_ms: 60_000, busy_ms: int(60_000) },
    }),
  )
  const all = [...events, ...beats]
    .map((each, n) => ({ each, n, at: each.timestampMicros + int(600_000_000) }))
    .sort((a, b) => a.at - b.at || a.n - b.n)
  return all.map(({ each }, offset) => ({ ...each, eventId: uuidFrom(`log/${offset}`) }))
}

const eventsAtOnce = 20
export const crashLog = logOf(100)

/** The batches behind a position, each with a few events of the batch before: a source that delivers at least once. */
export function* batchesFrom(offset: number): Generator<Batch> {
  const place = { topicId: 'log', partition: 0 }
  for (let at = offset; at < crashLog.length; at += eventsAtOnce) {
    const events = crashLog.slice(Math.max(0, at - 3), at + eventsAtOnce)
    yield {
      events,
      positions: [{ ...place, offset: Math.min(at + eventsAtOnce, crashLog.length), from: at === 0 ? undefined : at }],
    }
  }
}
