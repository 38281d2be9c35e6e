import type { JsonObject, RefusedEvent } from '../../contract.ts'
import { arrayOf, attributesOf, objectOf } from './attributes.ts'
import type { ReceivedSpan } from './request.ts'

/** A span whose form was checked. Ids are hexadecimal in lower case. */
export type Span = {
  readonly traceId: string
  readonly spanId: string
  /** Undefined for the root of a trace. */
  readonly parentSpanId: string | undefined
  readonly name: string
  readonly startMicros: number
  readonly endMicros: number
  readonly isError: boolean
  readonly statusMessage: string
  readonly attributes: JsonObject
  readonly resource: JsonObject
  /** Everything else that it brought, for people. */
  readonly more: JsonObject
}

const kinds = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer']
const errorCode = 2

/** The span, or why it is not accepted: the detail names the field, never what came. */
export function spanOf({ span, resource, scope }: ReceivedSpan): Span | RefusedEvent {
  const received = objectOf(span)
  const traceId = idOf(received.traceId, 16)
  if (traceId === undefined) return refused('traceId', 'a text of 32 hexadecimal digits that are not all 0 is accepted')
  const spanId = idOf(received.spanId, 8)
  if (spanId === undefined) return refused('spanId', 'a text of 16 hexadecimal digits that are not all 0 is accepted')
  const startMicros = microsOf(received.startTimeUnixNano)
  const endMicros = microsOf(received.endTimeUnixNano)
  if (startMicros === undefined) return refused('startTimeUnixNano', nanosForm)
  if (endMicros === undefined) return refused('endTimeUnixNano', nanosForm)
  const attributes = attributesOf(received.attributes)
  const resourceAttributes = attributesOf(objectOf(resource).attributes)
  const more = moreOf(received, scope)
  if (attributes === undefined || resourceAttributes === undefined || more === undefined) {
    return refused('attributes', 'their values lie too deep inside each other')
  }
  const status = objectOf(received.status)
  return {
    traceId,
    spanId,
    parentSpanId: idOf(received.parentSpanId, 8),
    name: textOf(received.name),
    startMicros,
    endMicros,
    isError: status.code === errorCode,
    statusMessage: textOf(status.message),
    attributes,
    resource: resourceAttributes,
    more,
  }
}

function moreOf({ kind, events, links, status }: Record<string, unknown>, scope: unknown): JsonObject | undefined {
  const { name, version, attributes } = objectOf(scope)
  const scopeAttributes = attributesOf(attributes)
  const kept = listOf(events, event => ({
    name: textOf(event.name),
    time_unix_nano: String(event.timeUnixNano ?? ''),
  }))
  const linked = listOf(links, link => ({ trace_id: textOf(link.traceId), span_id: textOf(link.spanId) }))
  if (scopeAttributes === undefined || kept === undefined || linked === undefined) return undefined
  const statusMessage = textOf(objectOf(status).message)
  return {
    kind: (typeof kind === 'number' ? kinds[kind] : undefined) ?? 'unspecified',
    scope: { name: textOf(name), version: textOf(version), ...unlessEmpty('attributes', scopeAttributes) },
    ...(statusMessage === '' ? {} : { status_message: statusMessage }),
    ...unlessEmpty('events', kept),
    ...unlessEmpty('links', linked),
  }
}

/** What `of` takes from each, with its attributes; undefined when their values lie too deep. */
function listOf(list: unknown, of: (item: Record<string, unknown>) => JsonObject): JsonObject[] | undefined {
  const kept: JsonObject[] = []
  for (const item of arrayOf(list).map(objectOf)) {
    const attributes = attributesOf(item.attributes)
    if (attributes === undefined) return undefined
    kept.push({ ...of(item), ...unlessEmpty('attributes', attributes) })
  }
  return kept
}

function unlessEmpty(name: string, value: JsonObject | JsonObject[]): JsonObject {
  return Object.keys(value).length === 0 ? {} : { [name]: value }
}

function idOf(value: unknown, bytes: number): string | undefined {
  if (typeof value !== 'string' || value.length !== 2 * bytes || !/^[0-9a-f]+$/i.test(value)) return undefined
  return /^0+$/.test(value) ? undefined : value.toLowerCase()
}

const nanosForm = 'nanoseconds since 1970 are accepted, as a decimal text or a whole number above 0'

function microsOf(value: unknown): number | undefined {
  const isText = typeof value === 'string' && /^[0-9]{1,20}$/.test(value)
  if (!isText && !(typeof value === 'number' && Number.isInteger(value) && value > 0)) return undefined
  const nanos = BigInt(value)
  return nanos === 0n ? undefined : Number(nanos / 1000n)
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

const refused = (field: string, accepted: string): RefusedEvent => ({
  reason: 'invalid-field',
  detail: `${field}: ${accepted}`,
})
