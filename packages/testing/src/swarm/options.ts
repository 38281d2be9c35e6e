/** How large a day is, and how much goes wrong in it. */
export type SwarmOptions = {
  readonly seed: number
  readonly agents: number
  readonly traces: number
  readonly hours: number
  /** When the day begins, milliseconds since the epoch. */
  readonly startMs: number
  /** An agent that is awake sends a heartbeat this often. */
  readonly heartbeatEveryMs: number
  /** Each agent's clock is wrong by at most so much, one way or the other. */
  readonly skewMsMax: number
  /** The share of events that are delivered twice. */
  readonly duplicateRate: number
  /** The share of events that are delivered up to `lateMsMax` after they were sent. */
  readonly lateRate: number
  readonly lateMsMax: number
  /** Messages that are no event, as a share of the events. */
  readonly malformedRate: number
}

/** Eight hours that cross midnight in UTC, so that each agent has two days. */
export const workingDay: SwarmOptions = {
  seed: 1,
  agents: 200,
  traces: 20_000,
  hours: 8,
  startMs: Date.UTC(2026, 2, 2, 18),
  heartbeatEveryMs: 60_000,
  skewMsMax: 5_000,
  duplicateRate: 0.03,
  lateRate: 0.02,
  lateMsMax: 3_600_000,
  malformedRate: 0.005,
}
