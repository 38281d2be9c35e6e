import { isUtf8 } from 'node:buffer'
import { observeErrors } from '../../errors.ts'
import { arrayOf, objectOf } from './attributes.ts'
import { messagesMax, spansMax } from './limits.ts'
import { readMessage } from './protobuf.ts'
import { exportTraceServiceRequest } from './schema.ts'

export type OtlpEncoding = 'json' | 'protobuf'

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
  if (countMessages(body) > messagesMax) throw invalid('json', `more than ${messagesMax} objects and lists`)
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

const quote = 0x22
const backslash = 0x5c
const openingBrace = 0x7b
const openingBracket = 0x5b

/** Objects and lists in a text of JSON, counted before there is any of them. In what is no JSON it counts something, and the parser refuses. */
function countMessages(body: Buffer): number {
  let count = 0
  let isText = false
  for (let at = 0; at < body.length; at++) {
    const byte = body[at]
    if (isText && byte === backslash) at++
    else if (byte === quote) isText = !isText
    else if (!isText && (byte === openingBrace || byte === openingBracket)) count++
  }
  return count
}

const invalid = (encoding: OtlpEncoding, detail: string): Error =>
  observeErrors.create('observe.invalid-otlp', { encoding, detail })
