/**
 * The leaf of a chunk, as others can compute it again:
 *
 * ```text
 * leaf metadata = {"chunk_index":<index>,"metadata":<the recorder's, or null>,"session_id":"<id>"}     canonical JSON (RFC 8785), UTF-8
 * leaf data     = SHA-256(salt, 32 bytes ‖ SHA-256 of the payload, 32 bytes ‖ leaf metadata)             `saltedLeaf` of the vault
 * leaf hash     = SHA-256(0x00 ‖ leaf data)                                                              RFC 6962
 * ```
 *
 * The payload is the chunk as it was posted. The salt is random and stays sealed with the chunk, so that neither leaf nor root confirms a guess to
 * an outsider, and deleting the chunk leaves a leaf that says nothing.
 */
import { canonicalJson } from '@chronicle/vault'
import type { ChunkMetadata } from './contract.ts'
import { sessionErrors } from './errors.ts'
import { metadataBytesMax, metadataDepthMax } from './limits.ts'

export type LeafMetadata = {
  readonly chunk_index: number
  readonly metadata: ChunkMetadata | null
  readonly session_id: string
}

/** What stands around a recorder's metadata: the names, an index of nine digits, a session id. */
const envelopeBytesMax = 256
export const leafMetadataBytesMax = metadataBytesMax + envelopeBytesMax

/** Throws 'sessions.invalid-chunk' for metadata that are no JSON object, too large or too deep. */
export function leafMetadata(sessionId: string, index: number, metadata: ChunkMetadata | undefined): LeafMetadata {
  return { chunk_index: index, metadata: metadata === undefined ? null : checked(metadata), session_id: sessionId }
}

/** Canonical JSON in UTF-8, in memory of its own. */
export function encodeLeafMetadata(metadata: LeafMetadata): Uint8Array {
  return new Uint8Array(Buffer.from(canonicalJson(metadata)))
}

/** undefined where the bytes are not leaf metadata. */
export function decodeLeafMetadata(bytes: Uint8Array): LeafMetadata | undefined {
  let value: unknown
  try {
    value = JSON.parse(Buffer.from(bytes).toString())
  } catch {
    return undefined
  }
  return isLeafMetadata(value) ? value : undefined
}

function isLeafMetadata(value: unknown): value is LeafMetadata {
  if (!isObject(value) || Object.keys(value).sort().join(' ') !== 'chunk_index metadata session_id') return false
  const { chunk_index: index, metadata, session_id: sessionId } = value
  return Number.isSafeInteger(index) && typeof sessionId === 'string' && (metadata === null || isObject(metadata))
}

function checked(metadata: ChunkMetadata): ChunkMetadata {
  if (!isObject(metadata)) throw refusal('a JSON object')
  if (isDeeper(metadata, metadataDepthMax)) throw refusal(`at most ${metadataDepthMax} levels deep`)
  let bytes: number
  try {
    bytes = Buffer.byteLength(canonicalJson(metadata))
  } catch (cause) {
    throw refusal('a JSON object with whole text and finite numbers', cause)
  }
  if (bytes > metadataBytesMax) throw refusal(`at most ${metadataBytesMax} bytes in canonical form`)
  return metadata
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Whether there are more levels of arrays and objects. Looks no deeper than that: what comes from outside may be a million levels deep. */
function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  return levels === 0 || Object.values(value).some(inner => isDeeper(inner, levels - 1))
}

function refusal(accepted: string, cause?: unknown): Error {
  return sessionErrors.create('sessions.invalid-chunk', { field: 'metadata', accepted }, cause)
}
