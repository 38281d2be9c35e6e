/** A swarm's working day against the rows that the swarm's own model expects: two programs that share the rules and no line. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type AgentRow,
  type Delivery,
  type SwarmTables,
  swarmDay,
  swarmTables,
  type TraceRow,
  tableDifferences,
} from '@chronicle/testing'
import type { SwarmEvent } from '../../src/contract.ts'
import { eventFromJson } from '../../src/event/index.ts'
import { Tables } from './support.ts'

const batchSize = 100

test('OE2, OE4: a working day with skewed clocks, duplicates, latecomers and noise gives the rows of the model', () => {
  for (const seed of [1, 2, 3]) {
    const day = swarmDay({ seed, agents: 20, traces: 800, duplicateRate: 0.1, lateRate: 0.1, malformedRate: 0.02 })
    const tables = new Tables()
    const events: SwarmEvent[] = []
    for (let at = 0; at < day.deliveries.length; at += batchSize) {
      const batch = day.deliveries.slice(at, at + batchSize).flatMap(taken)
      events.push(...tables.write(batch))
      tables.write(batch)
    }
    assert.deepEqual(tableDifferences(rowsOf(tables, events), swarmTables(day.events)), [], `seed ${seed}`)
  }
})

/** The event of a delivery; none where the model says that it is none. */
function taken(delivery: Delivery): SwarmEvent[] {
  const result = eventFromJson(delivery.body, {
    receivedMicros: delivery.atMs * 1000,
    eventId: () => assert.fail('every event of the day has an id'),
    isDeadLetter: delivery.subject.startsWith('dlq.'),
  })
  if ('reason' in result) {
    assert.equal(delivery.event, undefined, result.detail)
    return []
  }
  assert.notEqual(delivery.event, undefined, delivery.why)
  return [result]
}

function rowsOf(tables: Tables, events: readonly SwarmEvent[]): SwarmTables {
  return {
    events: events.map(event => ({
      event_id: event.eventId,
      trace_id: event.traceId,
      source: event.source,
      event_type: event.eventType,
      timestamp: event.timestampMicros,
      metadata: event.metadata,
    })),
    traces: [...tables.traceRows().values()].map(
      (row): TraceRow => ({
        trace_id: row.traceId,
        task_title: row.taskTitle,
        owner: row.owner,
        status: row.status,
        assigned_agent: row.assignedAgent,
        started_at: row.startedMicros,
        completed_at: row.completedMicros,
        duration_ms: row.durationMs,
        time_to_pickup_ms: row.timeToPickupMs,
        span_count: row.spanCount,
        error: row.error,
        scoring_breakdown: row.scoringBreakdown,
        out_of_order: row.outOfOrder,
      }),
    ),
    agents: [...tables.agentRows()].map(
      ([key, row]): AgentRow => ({
        agent_id: key.slice(0, -11),
        metric_date: key.slice(-10),
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
      }),
    ),
  }
}
