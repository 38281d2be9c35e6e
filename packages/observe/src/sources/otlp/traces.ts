import type { SwarmEvent } from '../../contract.ts'
import { type OtlpEncoding, readTraceRequest } from './request.ts'
import { spanOf } from './span.ts'
import { eventsOfSpan } from './span-events.ts'

/** What an export request brought. */
export type ExportedTraces = {
  readonly events: readonly SwarmEvent[]
  readonly takenSpans: number
  readonly rejectedSpans: number
  /** Why, for the first of them; '' without any. */
  readonly errorMessage: string
}

/**
 * The events of an ExportTraceServiceRequest. A span that is not accepted keeps no other from being taken (OS6). Throws 'observe.invalid-otlp' where the
 * request cannot be read.
 */
export function eventsOfTraces(body: Buffer, encoding: OtlpEncoding, receivedMicros: number): ExportedTraces {
  const events: SwarmEvent[] = []
  let takenSpans = 0
  let rejectedSpans = 0
  let errorMessage = ''
  for (const [index, received] of readTraceRequest(body, encoding).entries()) {
    const span = spanOf(received)
    const found = 'reason' in span ? span : eventsOfSpan(span, receivedMicros)
    if (!('reason' in found)) {
      events.push(...found)
      takenSpans++
      continue
    }
    rejectedSpans++
    errorMessage ||= `span ${index}: ${found.reason}: ${found.detail}`
  }
  return { events, takenSpans, rejectedSpans, errorMessage }
}
