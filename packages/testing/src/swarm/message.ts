/** What members of a swarm publish, as it stands on the wire. */

export type Json = null | boolean | number | string | readonly Json[] | JsonObject
export type JsonObject = { readonly [name: string]: Json }

/** One event in the form that every source of observe takes. */
export type SwarmMessage = {
  readonly event_id: string
  readonly trace_id: string
  /** Left out by a few senders. */
  readonly source?: string
  readonly event_type: string
  /** RFC 3339, in UTC or with an offset, with three or six digits of a second. */
  readonly timestamp: string
  readonly metadata?: JsonObject
}

/** A distinct event, and when and where it was published. */
export type SwarmEvent = {
  readonly message: SwarmMessage
  /** NATS subject: `swarm.task.created`, `dlq.entry`, … */
  readonly subject: string
  /** Published on `dlq.>`: a dead letter of the swarm itself. */
  readonly isDeadLetter: boolean
  /** By a clock without skew, milliseconds since the epoch. */
  readonly sentMs: number
}

/** The Kafka topic that carries what NATS has on a subject: `swarm.task` for `swarm.task.created`, `dlq` for `dlq.entry`. */
export function topicOf(subject: string): string {
  return subject.startsWith('dlq.') ? 'dlq' : subject.split('.').slice(0, 2).join('.')
}

/** The subject that an event of this type goes to. Types without a stream of their own are published as lifecycle. */
export function subjectOf(eventType: string, isDeadLetter: boolean): string {
  if (isDeadLetter) return eventType.startsWith('dlq.') ? eventType : `dlq.${eventType}`
  return /^(task|agent|system)\./.test(eventType) ? `swarm.${eventType}` : `swarm.lifecycle.${eventType}`
}
