/**
 * A whole record as JSON, so that any topic can be packed and nothing of it is lost. One of the first four, and then the others:
 *
 * ```text
 * {"value":JSON            a value that is JSON, byte for byte
 *  "text":"…"              one that is other text
 *  "base64":"…"            one that is no UTF-8
 *  "tombstone":true        no value
 *  ,"key":BYTES,"headers":[[BYTES,BYTES],…]}
 * ```
 * BYTES is null, text, or `{"base64":"…"}` for what is no UTF-8. Headers stand in their order, with their names, each as often as it is there.
 */
import { isUtf8 } from 'node:buffer'
import { isJson } from '../intake/json.ts'
import { textOrBase64 } from '../intake/row-content.ts'
import type { TopicRecord } from './contract.ts'

export type RecordParts = Pick<TopicRecord, 'key' | 'value' | 'headers'>

export function recordJson({ key, value, headers }: RecordParts, more: Readonly<Record<string, unknown>> = {}): Buffer {
  const rest = JSON.stringify({
    key: bytesAsJson(key),
    headers: headers.map(([name, header]) => [bytesAsJson(name), bytesAsJson(header)]),
    ...more,
  })
  return Buffer.concat([Buffer.from('{'), valueMember(value), Buffer.from(`,${rest.slice(1)}`)])
}

/** Whether `bytes` are JSON in UTF-8. */
export function isJsonText(bytes: Uint8Array): boolean {
  return isUtf8(bytes) && isJson(bytes, 0, bytes.length)
}

function valueMember(value: Uint8Array | null): Buffer {
  if (value === null) return Buffer.from('"tombstone":true')
  if (isJsonText(value)) return Buffer.concat([Buffer.from('"value":'), value])
  const shown = textOrBase64(value)
  return Buffer.from(typeof shown === 'string' ? `"text":${JSON.stringify(shown)}` : `"base64":"${shown.base64}"`)
}

function bytesAsJson(bytes: Uint8Array | null): string | { base64: string } | null {
  return bytes === null ? null : textOrBase64(bytes)
}
