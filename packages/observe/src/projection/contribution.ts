import type { AgentContribution, TraceRow } from '../contract.ts'
import { utcDayOf } from '../event/timestamp.ts'
import type { FinalType } from './lifecycle.ts'
import { endOf } from './trace-row.ts'
import type { TraceState } from './trace-state.ts'

const outcomes: Readonly<Record<FinalType, AgentContribution['outcome']>> = {
  'task.completed': 'completed',
  'task.failed': 'failed',
  'task.timeout': 'timed_out',
}

/**
 * What the trace adds to its agent's day; `undefined` while it has not ended, or when nobody is named. The agent is the one assigned,
 * else who sent the final event. `row` is the projection of `state`.
 */
export function contributionOf(row: TraceRow, state: TraceState): AgentContribution | undefined {
  const end = endOf(state)
  if (end === undefined) return undefined
  const agentId = row.assignedAgent ?? end.event.source ?? ''
  if (agentId === '') return undefined
  return {
    agentId,
    day: utcDayOf(end.event.at),
    outcome: outcomes[end.type],
    durationMs: row.durationMs,
    timeToPickupMs: row.timeToPickupMs,
  }
}

/** Whether taking `a` away and adding `b` would change nothing. */
export function sameContribution(a: AgentContribution | undefined, b: AgentContribution | undefined): boolean {
  if (a === undefined || b === undefined) return a === b
  return (
    a.agentId === b.agentId &&
    a.day === b.day &&
    a.outcome === b.outcome &&
    a.durationMs === b.durationMs &&
    a.timeToPickupMs === b.timeToPickupMs
  )
}
