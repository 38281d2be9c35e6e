import type { OutgoingHttpHeaders } from 'node:http2'
import { statusAnswer } from '@chronicle/observe'
import { retryAfterSeconds } from '../limits.ts'
import { grpcCodes, type Refusal } from '../refusal.ts'

export const okTrailers: OutgoingHttpHeaders = { 'grpc-status': grpcCodes.ok }

/**
 * The status of a call that failed. Where the same call may succeed later, the details say when:
 *
 * ```text
 * google.rpc.Status  1: code varint, 2: message text, 3: details { 1: type_url text, 2: value bytes }
 * the value          google.rpc.RetryInfo { 1: retry_delay { 1: seconds varint } }
 * ```
 */
export function failedTrailers({ grpcCode, mayRetry, message }: Refusal): OutgoingHttpHeaders {
  const status = { 'grpc-status': grpcCode, 'grpc-message': percentEncoded(message) }
  if (!mayRetry) return status
  const details = Buffer.concat([statusAnswer(grpcCode, message, 'protobuf'), retryDetail])
  return { ...status, 'grpc-status-details-bin': details.toString('base64').replace(/=+$/, '') }
}

const retryInfo = Buffer.from([0x0a, 2, 0x08, retryAfterSeconds])
const typeUrl = Buffer.from('type.googleapis.com/google.rpc.RetryInfo')
const any = Buffer.concat([
  Buffer.from([0x0a, typeUrl.length]),
  typeUrl,
  Buffer.from([0x12, retryInfo.length]),
  retryInfo,
])
const retryDetail = Buffer.concat([Buffer.from([0x1a, any.length]), any])

/** What is not printable ASCII, and the percent sign, by their bytes in UTF-8. */
function percentEncoded(message: string): string {
  return Array.from(Buffer.from(message), byte =>
    byte >= 0x20 && byte <= 0x7e && byte !== 0x25
      ? String.fromCharCode(byte)
      : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`,
  ).join('')
}
