/** A refused row as JSON, as far as it can be read: text as text, what is not UTF-8 as base64. */
import { isUtf8 } from 'node:buffer'
import type { EventColumns, TextColumn } from './contract.ts'
import { bytesOf, isNull } from './text.ts'

export function rowContent(columns: EventColumns, row: number): Buffer {
  const text = (column: TextColumn) => (isNull(column, row) ? null : textOrBase64(bytesOf(column, row)))
  return Buffer.from(
    JSON.stringify({
      timestamp_ns: `${columns.timestampNs[row]}`,
      event_type: text(columns.eventType),
      app_bundle_id: text(columns.appBundleId),
      window_title: text(columns.windowTitle),
      data: text(columns.data),
      session_id: text(columns.sessionId),
      event_id: text(columns.eventId),
    }),
  )
}

export function textOrBase64(bytes: Uint8Array): string | { base64: string } {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  return isUtf8(buffer) ? buffer.toString() : { base64: buffer.toString('base64') }
}
