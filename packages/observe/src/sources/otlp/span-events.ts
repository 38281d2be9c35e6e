/**
 * From spans to events, by OpenTelemetry's semantic conventions for generative AI.
 *
 * | span | events |
 * |---|---|
 * | root of a trace with `gen_ai.operation.name` `invoke_agent` or `invoke_workflow`: the task | task.created, task.assigned (where an agent is named), task.started at its start; task.completed or, with status error, task.failed at its end |
 * | any other with `gen_ai.operation.name` | `gen_ai.` and the operation, such as gen_ai.chat, gen_ai.execute_tool |
 * | any other | otel.span |
 *
 * Only the root is a task: an agent that another one calls ends before it, and would end the trace.
 */

import type { Json, JsonObject, RefusedEvent, SwarmEvent } from '../../contract.ts'
import { normalise, textFromMicros, uuidFrom } from '../../event/index.ts'
import type { Span } from './span.ts'

const taskOperations = new Set<Json | undefined>(['invoke_agent', 'invoke_workflow'])

type Draft = { readonly type: string; readonly atMicros: number; readonly metadata: JsonObject }

/** The events of a span, or why it is not taken: then none of them is. A span that is sent again gives the same events (OS6). */
export function eventsOfSpan(span: Span, receivedMicros: number): readonly SwarmEvent[] | RefusedEvent {
  const events: SwarmEvent[] = []
  for (const { type, atMicros, metadata } of draftsOf(span)) {
    if (!isTime(atMicros)) return { reason: 'clock', detail: 'a time of the span lies past the year 9999' }
    const eventId = uuidFrom(`otlp ${span.traceId}/${span.spanId}/${type}`)
    const event = normalise(
      {
        event_id: eventId,
        trace_id: span.traceId,
        source: agentOf(span) ?? '',
        event_type: type,
        timestamp: textFromMicros(atMicros),
        metadata,
      },
      { receivedMicros, eventId: () => eventId },
    )
    if ('reason' in event) return event
    events.push(event)
  }
  return events
}

function draftsOf(span: Span): Draft[] {
  const operation = span.attributes['gen_ai.operation.name']
  const { startMicros: atMicros } = span
  if (span.parentSpanId === undefined && taskOperations.has(operation)) return taskOf(span)
  const type = typeof operation === 'string' && operation !== '' ? `gen_ai.${operation}` : 'otel.span'
  return [{ type, atMicros, metadata: spanMetadata(span) }]
}

/** The event that ends the task brings what the span brought: it is kept once. */
function taskOf(span: Span): Draft[] {
  const agent = agentOf(span)
  const atMicros = span.startMicros
  const owner = textAt(span.resource, 'service.name')
  const created: JsonObject = {
    ...(span.name === '' ? {} : { title: span.name }),
    ...(owner === undefined ? {} : { owner }),
  }
  const assigned: Draft[] = agent === undefined ? [] : [{ type: 'task.assigned', atMicros, metadata: { agent } }]
  const type = span.isError ? 'task.failed' : 'task.completed'
  const error: JsonObject = span.isError ? { error: errorOf(span) } : {}
  return [
    { type: 'task.created', atMicros, metadata: created },
    ...assigned,
    { type: 'task.started', atMicros, metadata: {} },
    { type, atMicros: span.endMicros, metadata: { ...error, ...spanMetadata(span) } },
  ]
}

function spanMetadata({
  spanId,
  parentSpanId,
  name,
  startMicros,
  endMicros,
  isError,
  attributes,
  resource,
  more,
}: Span): JsonObject {
  return {
    span: {
      span_id: spanId,
      parent_span_id: parentSpanId ?? null,
      name,
      duration_ms: Math.max(0, (endMicros - startMicros) / 1000),
      is_error: isError,
      ...more,
    },
    attributes,
    resource,
  }
}

/** Who did it: the agent that the span names, else the service that sent it. */
function agentOf({ attributes, resource }: Span): string | undefined {
  return (
    textAt(attributes, 'gen_ai.agent.name') ?? textAt(attributes, 'gen_ai.agent.id') ?? textAt(resource, 'service.name')
  )
}

const errorOf = ({ statusMessage, attributes }: Span): string =>
  statusMessage || (textAt(attributes, 'error.type') ?? 'the span says that it failed, and not why')

function textAt(attributes: JsonObject, name: string): string | undefined {
  const value = attributes[name]
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** What RFC 3339 can write: below the year 10000. */
const isTime = (micros: number): boolean => micros < 253_402_300_800_000_000
