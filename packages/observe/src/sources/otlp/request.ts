import { isUtf8 } from 'node:buffer'
import { observeErrors } from '../../errors.ts'
import { arrayOf, objectOf } from './attributes.ts'
import { countJson, foreignNamesIn } from './count-json.ts'
import { foreignNamesMax, messagesMax, spansMax } from './limits.ts'
import { namesOf, readMessage } from './protobuf.ts'
import { exportTraceServiceRequest } from './schema.ts'

export type OtlpEncoding = 'json' | 'protobuf'

const otlpNames = namesOf(exportTraceServiceRequest)

/** A span as it came, in the JSON form of OTLP, with what is said once for several. Nothing of it is checked yet. */
export type ReceivedSpan = { readonly span: unknown; readonly resource: unknown; readonly scope: unknown }

/** The spans of an ExportTraceServiceRequest, at most {@link spansMax}. Throws 'observe.invalid-otlp'. */
export function readTraceRequest(body: Buffer, encoding: OtlpEncoding): ReceivedSpan[] {
  const request = encoding === 'json' ? parseJson(body) : readMessage(body, exportTraceServiceRequest)
  const received: ReceivedSpan[] = []
  for (const resourceSpans of listOf(request, 'resourceSpans')) {
    const { resource } = objectOf(resourceSpans)
    for (const scopeSpans of listOf(resourceSpans, 'scopeSpans')) {
      const { scope } = objectOf(scopeSpans)
      const spans = listOf(scopeSpans, 'spans')
      if (received.length + spans.length > spansMax) throw invalid(encoding, `more than ${spansMax} spans at once`)
      for (const span of spans) received.push({ span, resource, scope })
    }
  }
  return received

  function listOf(value: unknown, name: string): readonly unknown[] {
    const list = objectOf(value)[name]
    if (list !== undefined && list !== null && !Array.isArray(list))
      throw invalid(encoding, `${name}: an array is accepted`)
    return arrayOf(list)
  }
}

function parseJson(body: Buffer): unknown {
  if (!isUtf8(body)) throw invalid('json', 'the body is not UTF-8')
  const { messages, names } = countJson(body)
  if (messages > messagesMax) throw invalid('json', `more than ${messagesMax} objects and lists`)
  // Names that differ cost a parser more than anything else: a request of them takes seconds.
  if (names > foreignNamesMax && foreignNamesIn(body, otlpNames) > foreignNamesMax) {
    throw invalid('json', `more than ${foreignNamesMax} names that OTLP does not have`)
  }
  let request: unknown
  try {
    request = JSON.parse(body.toString())
  } catch {
    throw invalid('json', 'the body is not JSON')
  }
  if (typeof request !== 'object' || request === null || Array.isArray(request))
    throw invalid('json', 'the body is no object')
  return request
}

const invalid = (encoding: OtlpEncoding, detail: string): Error =>
  observeErrors.create('observe.invalid-otlp', { encoding, detail })
