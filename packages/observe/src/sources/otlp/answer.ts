/**
 * Answers of OTLP over HTTP, in the encoding of the request (opentelemetry.io/docs/specs/otlp, section OTLP/HTTP).
 *
 * ```text
 * ExportTraceServiceResponse  1: partial_success { 1: rejected_spans varint, 2: error_message text }, absent where all was taken
 * google.rpc.Status           1: code varint, 2: message text
 * ```
 */

import type { OtlpEncoding } from './request.ts'
import type { ExportedTraces } from './traces.ts'

export const otlpContentTypes: Readonly<Record<OtlpEncoding, string>> = {
  json: 'application/json',
  protobuf: 'application/x-protobuf',
}

/** The body of a 200. A client does not send rejected spans again. */
export function exportAnswer(
  { rejectedSpans, errorMessage }: Pick<ExportedTraces, 'rejectedSpans' | 'errorMessage'>,
  encoding: OtlpEncoding,
): Buffer {
  const isWhole = rejectedSpans === 0
  if (encoding === 'json') {
    // 64-bit numbers are texts in protobuf's JSON.
    return Buffer.from(
      JSON.stringify(isWhole ? {} : { partialSuccess: { rejectedSpans: String(rejectedSpans), errorMessage } }),
    )
  }
  if (isWhole) return Buffer.alloc(0)
  return bytesField(1, Buffer.concat([numberField(1, rejectedSpans), bytesField(2, Buffer.from(errorMessage))]))
}

/** The body of an error. `code` is one of gRPC's, such as 3 for an invalid argument and 14 for unavailable. */
export function statusAnswer(code: number, message: string, encoding: OtlpEncoding): Buffer {
  if (encoding === 'json') return Buffer.from(JSON.stringify({ code, message }))
  return Buffer.concat([numberField(1, code), bytesField(2, Buffer.from(message))])
}

const numberField = (field: number, value: number): Buffer => Buffer.from([field << 3, ...varint(value)])

const bytesField = (field: number, bytes: Buffer): Buffer =>
  Buffer.concat([Buffer.from([(field << 3) | 2, ...varint(bytes.length)]), bytes])

function varint(value: number): number[] {
  const bytes: number[] = []
  let left = value
  for (; left >= 0x80; left = Math.floor(left / 0x80)) bytes.push((left % 0x80) | 0x80)
  return [...bytes, left]
}
