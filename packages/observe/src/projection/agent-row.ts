import { assert } from '@chronicle/base'
import { type AgentDay, extremesUnknown } from './agent-day.ts'
import { durationAtRank } from './sketch.ts'

/** The figures of a row of `agent_metrics`; `null` where nothing was measured. */
export type AgentRow = {
  readonly tasksCompleted: number
  readonly tasksFailed: number
  readonly tasksTimedOut: number
  readonly avgDurationMs: number | null
  readonly p95DurationMs: number | null
  readonly minDurationMs: number | null
  readonly maxDurationMs: number | null
  readonly avgTimeToPickupMs: number | null
  readonly uptimeMs: number
  readonly busyMs: number
  /** In percent, with two decimals. More than 100 when an agent says that it was busy for longer than up. */
  readonly utilizationPct: number | null
}

/** The extremes of `day` are known. */
export function agentRow(day: AgentDay): AgentRow {
  assert(!extremesUnknown(day), 'extremes are looked up first')
  const { durations, extremes, pickups, uptimeMs, busyMs } = day
  return {
    tasksCompleted: day.completed,
    tasksFailed: day.failed,
    tasksTimedOut: day.timedOut,
    avgDurationMs: average(durations.sumMs, durations.count),
    p95DurationMs: p95(day),
    minDurationMs: extremes?.minMs ?? null,
    maxDurationMs: extremes?.maxMs ?? null,
    avgTimeToPickupMs: average(pickups.sumMs, pickups.count),
    uptimeMs,
    busyMs,
    utilizationPct: uptimeMs === 0 ? null : Math.round((busyMs / uptimeMs) * 10_000) / 100,
  }
}

/** Nearest rank: the shortest duration that at least 95 % of the durations do not exceed. */
function p95({ durations, extremes }: AgentDay): number | null {
  if (extremes === null) return null
  const rank = Math.ceil((durations.count * 95) / 100)
  const duration = durationAtRank(durations.sketch, rank)
  return Math.min(Math.max(duration, extremes.minMs), extremes.maxMs)
}

function average(sum: number, count: number): number | null {
  return count === 0 ? null : Math.round(sum / count)
}
