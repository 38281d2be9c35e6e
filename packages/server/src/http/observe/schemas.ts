/** Rows and reports of observe in the OpenAPI document. JSON Schema as it stands: see `../topics.ts`. */

export const time = (description: string): object => ({ type: 'string', format: 'date-time', description })
const text = (description: string): object => ({ type: 'string', description })
const count = (description: string): object => ({ type: 'integer', minimum: 0, description })
const orNull = (schema: object): object => ({ anyOf: [schema, { type: 'null' }] })

function row(description: string, properties: Readonly<Record<string, object>>): object {
  return { description, type: 'object', required: Object.keys(properties), properties }
}

/** A schema that others refer to by its name. */
function named($id: string, description: string, properties: Readonly<Record<string, object>>): object {
  return { $id, ...row(description, properties) }
}

export const traceId = {
  type: 'string',
  minLength: 1,
  description: 'Id of the trace',
  examples: ['task-4711'],
} as const
export const traceStatus = {
  type: 'string',
  enum: ['pending', 'assigned', 'in_progress', 'completed', 'failed', 'timed_out'],
  description: 'Where the trace is, or how it ended',
} as const

const uuid = { type: 'string', format: 'uuid' } as const
const metadata = { type: 'object', additionalProperties: true, description: 'Whatever belongs to the event' } as const

const NewEvent = {
  $id: 'NewEvent',
  description: 'An event as it is posted. Members that are not named here are left out.',
  type: 'object',
  required: ['trace_id', 'event_type'],
  properties: {
    trace_id: { ...traceId, description: 'Trace that it belongs to, 1 to 255 bytes' },
    event_type: { type: 'string', description: 'Dotted, 1 to 255 bytes', examples: ['task.created'] },
    source: { type: 'string', description: 'Who sends it, up to 255 bytes', examples: ['dispatch'] },
    timestamp: time('RFC 3339 with any offset. Left out: the moment at which it comes.'),
    metadata: { ...metadata, examples: [{ title: 'Water the plants', owner: 'kai' }] },
    event_id: { ...uuid, description: 'The same id again changes nothing. Left out: one is made (UUIDv7).' },
    is_dead_letter: { type: 'boolean', description: 'True: a dead letter of the swarm, which moves no trace' },
  },
} as const

const eventColumns = {
  event_id: uuid,
  trace_id: traceId,
  source: text('Who sent it; empty where nobody said'),
  event_type: { type: 'string', examples: ['task.created'] },
  timestamp: time('When it happened'),
  metadata,
  is_dead_letter: { type: 'boolean', description: 'It came as a dead letter of the swarm' },
}
const SwarmEvent = named('SwarmEvent', 'A row of `swarm_events`', {
  ...eventColumns,
  created_at: time('When the tables got it'),
})
const TailEvent = named('TailEvent', 'An event as the live stream has it', eventColumns)

const traceColumns = {
  trace_id: traceId,
  task_title: orNull(text('Title of the task')),
  owner: orNull(text('Who asked for it')),
  status: traceStatus,
  assigned_agent: orNull(text('Who works on it, or did')),
  started_at: orNull(time('When work began')),
  completed_at: orNull(time('When it ended, however it ended')),
  duration_ms: orNull(count('From start to end')),
  time_to_pickup_ms: orNull(count('From the assignment to the start')),
  span_count: count('Distinct events of any type'),
  error: orNull(text('Why it failed')),
  scoring_breakdown: { description: 'JSON, as the event that created the task has it; else null' },
  out_of_order: count('Lifecycle events that did not fit the state that they met'),
  first_event_at: time('Time of its first event: lists are sorted by it'),
  last_event_at: time('Time of its last event'),
}
const Trace = named('Trace', 'A row of `swarm_traces`', traceColumns)
const TraceWithSpans = named('TraceWithSpans', 'A trace with its events', {
  ...traceColumns,
  spans: {
    type: 'array',
    items: { $ref: 'SwarmEvent#' },
    description: 'Its events in the order of their times. Events are kept for 30 days, traces for 90.',
  },
})

const AgentDay = named('AgentDay', 'A row of `agent_metrics`: what an agent did on one day (UTC)', {
  agent_id: { type: 'string', examples: ['kai'] },
  metric_date: { type: 'string', format: 'date' },
  tasks_completed: count('Traces that ended that day'),
  tasks_failed: count('Likewise'),
  tasks_timed_out: count('Likewise'),
  avg_duration_ms: orNull(count('Average duration of those')),
  p95_duration_ms: orNull(count('Duration that 95 % of them do not exceed, within 1 %')),
  min_duration_ms: orNull(count('Shortest')),
  max_duration_ms: orNull(count('Longest')),
  avg_time_to_pickup_ms: orNull(count('Average time from assignment to start')),
  uptime_ms: count('Sum over its heartbeats'),
  busy_ms: count('Sum over its heartbeats'),
  utilization_pct: orNull({ type: 'number', description: 'busy ÷ uptime × 100' }),
})

const Refusal = named('Refusal', 'Why something is no event', {
  index: count('Place in the request, from 0'),
  reason: { type: 'string', description: 'Stable', examples: ['missing-trace-id'] },
  detail: { type: 'string', description: 'Names the member, never its content' },
})
const EventsAccepted = named('EventsAccepted', 'What became of the events of a request', {
  accepted: count('How many are durable now'),
  event_ids: {
    type: 'array',
    items: orNull(uuid),
    description: 'The id of each, in the order of the request; null where it was refused',
  },
  refused: { type: 'array', items: { $ref: 'Refusal#' }, description: 'They are in the dead letters too' },
})

const EventsRefused = {
  $id: 'EventsRefused',
  description: 'A problem, and what is wrong with each event',
  allOf: [
    { $ref: 'Problem#' },
    row('Besides', {
      refused: { type: 'array', items: { $ref: 'Refusal#' }, description: 'In the order of the request' },
    }),
  ],
}

const letterColumns = {
  offset: count('Where it stands among the dead letters: what it is asked for by'),
  id: uuid,
  reason: { type: 'string', examples: ['missing-trace-id'] },
  detail: text('For people; never content'),
  source: { type: 'string', description: 'Where it came from', examples: ['http', 'kafka:swarm.task/0/4711'] },
  at: time('When it was refused'),
  raw_bytes: count('Length of what came'),
  is_dead_letter: { type: 'boolean', description: 'It had come as a dead letter of the swarm' },
}
const DeadLetter = named('DeadLetter', 'What could not be taken, without what came', letterColumns)
const DeadLetterWithRaw = named('DeadLetterWithRaw', 'What could not be taken', {
  ...letterColumns,
  raw: orNull(text('What came, where it is text')),
  raw_base64: orNull({ type: 'string', contentEncoding: 'base64', description: 'What came, where it is no text' }),
})
const Replays = named('Replays', 'What became of the letters that were taken in again', {
  taken: count('How many were taken'),
  refused: count('How many were not'),
  results: {
    type: 'array',
    items: {
      type: 'object',
      required: ['offset'],
      properties: {
        offset: count('Of the letter'),
        event_id: { ...uuid, description: 'Of the event that it became' },
        reason: text('Why it became none'),
        detail: text('For people'),
      },
    },
  },
  before: orNull(count('Give it as `before` to go on; null when these were the oldest')),
})

const sourceState = (states: readonly string[]): object => ({
  type: 'object',
  required: ['state'],
  properties: { state: { type: 'string', enum: states } },
})
const taking = {
  ...sourceState(['accepting', 'held', 'refusing']),
  description: 'held: the buffer is full. refusing: the log takes nothing.',
}
const ObserveHealth = named('ObserveHealth', 'How observe is', {
  status: { type: 'string', enum: ['pass', 'warn', 'fail'], description: 'warn still serves, fail does not' },
  buffer_size: count('Events taken in that are not in the tables yet'),
  buffer_max_size: count('BUFFER_MAX_SIZE: past it sources are held back'),
  lag: {
    type: 'object',
    additionalProperties: { type: 'integer' },
    description: 'Events that are not in the tables yet, by topic of the log',
  },
  database: row('The tables', {
    state: {
      type: 'string',
      enum: ['unused', 'opening', 'open', 'failing', 'closed'],
      description: 'unused: nobody has needed it yet. failing: what was asked of it last failed; it is tried again.',
    },
    failures_in_a_row: count('Batches that could not be written, since the last one that was'),
    reason: orNull(text('Why it is failing')),
  }),
  sources: {
    type: 'object',
    required: ['http', 'otlp', 'kafka', 'nats'],
    properties: {
      http: taking,
      otlp: taking,
      kafka: sourceState(['reading', 'failing']),
      nats: {
        type: 'object',
        required: ['state'],
        properties: {
          state: { type: 'string', enum: ['off', 'connecting', 'connected', 'stopped'] },
          reason: text('Why there is no connection'),
          streams: {
            type: 'array',
            items: {
              type: 'object',
              required: ['stream', 'state'],
              properties: { stream: text('Its name'), state: text('reading, or why not'), reason: text('For people') },
            },
          },
        },
      },
    },
  },
  alerts: {
    type: 'array',
    items: row('An alert that stands', {
      name: { type: 'string', examples: ['write_failure'] },
      since: time('When it was raised'),
      detail: text('For people'),
    }),
  },
  checks: {
    type: 'object',
    additionalProperties: row('A check', {
      status: { type: 'string', enum: ['pass', 'warn', 'fail'] },
      reason: text('Why'),
    }),
    description: 'Those checks of /health that concern events',
  },
})

export const observeSchemas: readonly object[] = [
  NewEvent,
  SwarmEvent,
  TailEvent,
  Trace,
  TraceWithSpans,
  AgentDay,
  Refusal,
  EventsAccepted,
  EventsRefused,
  DeadLetter,
  DeadLetterWithRaw,
  Replays,
  ObserveHealth,
]
