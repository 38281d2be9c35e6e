/** The shapes that the parts of observe share. Times are microseconds since the epoch (PostgreSQL's resolution) as numbers: exact to the year 2255. */

/** One event in the one shape: what the log holds and `swarm_events` has a row of. */
export type SwarmEvent = {
  /** A UUID in lower case. */
  readonly eventId: string
  readonly traceId: string
  readonly source: string
  readonly eventType: string
  readonly timestampMicros: number
  readonly metadata: JsonObject
  /** Came as a dead letter of the swarm itself (`dlq.…`): stored, and marked so. */
  readonly isDeadLetter: boolean
}

export type Json = null | boolean | number | string | readonly Json[] | JsonObject
export type JsonObject = { readonly [name: string]: Json }

/** Why something is not an event. */
export type RefusedEvent = {
  /** Stable, for metrics: `not-json`, `missing-trace-id`, `invalid-field`, … */
  readonly reason: string
  /** For people; names the field and what is accepted, never content. */
  readonly detail: string
}

/**
 * Something that could not become a row, as the topic `swarm.dead-letters` holds it. What the projector reads and refuses it adds itself, before the batch is
 * written; what the tables refuse the writer adds, before it commits.
 */
export type DeadLetter = {
  /** A UUID that follows from what was refused: a second refusal of the same is the same letter, and is kept once. */
  readonly id: string
  readonly reason: string
  readonly detail: string
  /** Where it came from: `kafka:swarm.task/0/4711`, `nats:TASK_EVENTS/12`, `http`, `otlp`, `tables`. */
  readonly source: string
  readonly atMicros: number
  /** What came, byte for byte: it is what a replay takes in again. */
  readonly raw: Uint8Array
  /** Came as a dead letter of the swarm itself: an event that a replay makes of it is marked so. */
  readonly isDeadLetter?: boolean
}

/** Takes dead letters in; resolves once they are durable. */
export type DeadLetterSink = { add(letters: readonly DeadLetter[]): Promise<void> }

/** Where a record of the log stands; as a position that is kept: the next one to be read. */
export type LogPosition = {
  readonly topicId: string
  readonly partition: number
  readonly offset: number
}

/** How far a batch brings the tables in a partition. */
export type LogMove = LogPosition & {
  /** The position that the tables had when the batch was read; undefined where they had none. Where they have another one by now, the batch is not what they lack. */
  readonly from: number | undefined
}

export type TraceStatus = 'pending' | 'assigned' | 'in_progress' | 'completed' | 'failed' | 'timed_out'

/** A row of `swarm_traces`: a function of the trace's distinct events. */
export type TraceRow = {
  readonly traceId: string
  readonly taskTitle: string | null
  readonly owner: string | null
  readonly status: TraceStatus
  readonly assignedAgent: string | null
  readonly startedMicros: number | null
  readonly completedMicros: number | null
  readonly durationMs: number | null
  readonly timeToPickupMs: number | null
  readonly spanCount: number
  readonly error: string | null
  readonly scoringBreakdown: Json
  /** Lifecycle events that did not fit the state that they met, in the order of their times. */
  readonly outOfOrder: number
}

/** What one trace adds to its agent's day; a change of the trace takes the old one away and adds the new one. */
export type AgentContribution = {
  readonly agentId: string
  /** `YYYY-MM-DD`, UTC, of the event that ended the trace. */
  readonly day: string
  readonly outcome: 'completed' | 'failed' | 'timed_out'
  readonly durationMs: number | null
  readonly timeToPickupMs: number | null
}
