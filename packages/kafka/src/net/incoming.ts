import { ChronicleError } from '@chronicle/base'
import { decodeRequest, readRequestHeader } from '../codec/messages.ts'
import type { Api, RequestOf } from '../codec/schema.ts'
import type { Refusal } from './metrics.ts'
import type { Route } from './routes.ts'

/** API key, version and correlation id: what the shortest request begins with. */
const requestBytesMin = 8

/** A request as it was read. Its records are views of the frame. */
export type Incoming = {
  readonly version: number
  readonly correlationId: number
  readonly clientId: string | null
  readonly request: RequestOf<Api>
}

/** Why a frame cannot be answered. */
export type Rejected = { readonly refusal: Refusal; readonly details: Record<string, unknown> }

export function isRejected(read: Incoming | Rejected | Route): read is Rejected {
  return 'refusal' in read
}

/** Who answers the request in `buffer[start, end)`: nothing but its API key is looked at. */
export function routeOf(
  routes: readonly (Route | undefined)[],
  buffer: Buffer,
  start: number,
  end: number,
): Route | Rejected {
  if (end - start < requestBytesMin) {
    const details = { reason: `a request of ${end - start} bytes`, accepted: `at least ${requestBytesMin}` }
    return { refusal: 'malformed', details }
  }
  const apiKey = buffer.readInt16BE(start)
  return routes[apiKey] ?? { refusal: 'unknown-api', details: { apiKey } }
}

export function correlationIdOf(buffer: Buffer, start: number): number {
  return buffer.readInt32BE(start + 4)
}

/** Reads header and body. A defect of the codec costs the connection whose bytes found it, not the process. */
export function readRequest({ api, versions }: Route, buffer: Buffer, start: number, end: number): Incoming | Rejected {
  const version = buffer.readInt16BE(start + 2)
  const [first, last] = versions
  if (version < first || version > last) {
    return { refusal: 'unsupported-version', details: { api: api.name, version, accepted: `${first} to ${last}` } }
  }
  try {
    const { correlationId, clientId, bodyStart } = readRequestHeader(buffer, start, end)
    // Kafka ignores bytes behind a request, and clients rely on it: librdkafka 2.16 sends three with Metadata v13.
    const request = decodeRequest(api, version, buffer, bodyStart, end, false)
    return { version, correlationId, clientId, request }
  } catch (error) {
    if (!(error instanceof ChronicleError)) {
      return { refusal: 'reader-failed', details: { api: api.name, version, error } }
    }
    return { refusal: 'malformed', details: { api: api.name, version, ...error.details } }
  }
}
