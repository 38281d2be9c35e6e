/**
 * How every record of the key store is written: JSON that people may read, closed by a checksum that tells damage from a wrong key.
 *
 * ```text
 * {
 *   "format": "chronicle-vault" | "chronicle-key" | "chronicle-destroyed-key" | "chronicle-purpose",
 *   "version": 1,
 *   "revision": 1,        one more each time the record is written
 *   …                     the fields of the format
 *   "checksum": "…"       SHA-256, in hex, of the JSON of everything above without white space
 * }
 * ```
 *
 * Two spaces of indentation and a line feed at the end: a record has exactly one form, so no changed byte passes (VK3).
 */
import { createHash } from 'node:crypto'

export type RecordFormat = 'chronicle-vault' | 'chronicle-key' | 'chronicle-destroyed-key' | 'chronicle-purpose'
export type RecordFields = Readonly<Record<string, unknown>>

/** What a record turned out to be. 'newer': whole, but of a version that this program does not know. */
export type Decoded =
  | { readonly state: 'whole'; readonly revision: number; readonly fields: RecordFields }
  | { readonly state: 'damaged' }
  | { readonly state: 'newer'; readonly version: number }

const recordVersion = 1
const recordBytesMax = 64 * 1024

export function encodeRecord(format: RecordFormat, revision: number, fields: RecordFields): Buffer {
  return seal({ format, version: recordVersion, revision, ...fields })
}

export function decodeRecord(format: RecordFormat, bytes: Uint8Array): Decoded {
  const record = parse(bytes)
  if (!record || record.format !== format) return { state: 'damaged' }
  const { checksum, ...content } = record
  if (!seal(content).equals(bytes)) return { state: 'damaged' }
  const { version, revision, ...rest } = content
  if (!isWhole(version) || !isWhole(revision)) return { state: 'damaged' }
  if (version > recordVersion) return { state: 'newer', version }
  const { format: _, ...fields } = rest
  return { state: 'whole', revision, fields }
}

function seal(content: RecordFields): Buffer {
  const checksum = createHash('sha256').update(JSON.stringify(content)).digest('hex')
  return Buffer.from(`${JSON.stringify({ ...content, checksum }, null, 2)}\n`)
}

function parse(bytes: Uint8Array): RecordFields | undefined {
  if (bytes.length > recordBytesMax) return undefined
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString())
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

export function isObject(value: unknown): value is RecordFields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A whole number from 0 on. */
export function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

export function isText(value: unknown): value is string {
  return typeof value === 'string'
}

export function isUuid(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/.test(value)
}

/** Base64 of exactly so many bytes. */
export function isBase64(value: unknown, bytes: number): value is string {
  return typeof value === 'string' && Buffer.from(value, 'base64').length === bytes
}
