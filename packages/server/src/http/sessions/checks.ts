/** What a request says, checked by hand: every refusal names the field, what it was, and what is accepted. */

import type { ChunkMetadata } from '@chronicle/sessions'
import { sessionErrors } from '@chronicle/sessions'
import { isWholeNumber, shortened, shown } from '../query.ts'

type Refused = { readonly field: string; readonly value: string; readonly accepted: string }
type Fields = Readonly<Record<string, unknown>>

function refused(field: string, value: unknown, accepted: string): Refused {
  return { field, value: shown(value), accepted }
}

export function invalidChunk(field: string, value: unknown, accepted: string): Error {
  return sessionErrors.create('sessions.invalid-chunk', refused(field, value, accepted))
}

/** An object that has no other fields than `known`. `name` says what it is in a refusal. */
export function checkFields(value: unknown, known: readonly string[], name: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalidChunk(name, value, `a JSON object with ${known.join(', ')}`)
  }
  const unknown = Object.keys(value).find(field => !known.includes(field))
  if (unknown !== undefined) {
    throw invalidChunk(shortened(unknown), (value as Fields)[unknown], `no field but ${known.join(', ')}`)
  }
  return value as Fields
}

/** The rest of what a session id has to be is the business of sessions. */
export function checkSessionId(value: unknown): string {
  if (typeof value === 'string') return value
  throw sessionErrors.create('sessions.invalid-session-id', refused('session_id', value, 'a text'))
}

export function checkChunkIndex(value: unknown): number {
  if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number
  throw sessionErrors.create('sessions.invalid-chunk-index', refused('chunk_index', value, 'a whole number from 0'))
}

/** The same, as it stands in a path. */
export function parseChunkIndex(text: string): number {
  return checkChunkIndex(isWholeNumber(text) ? Number(text) : text)
}

/** SHA-256 in hex; undefined where it is not given. */
export function checkSha256(value: unknown, field = 'sha256'): string | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value === 'string' && /^[\da-f]{64}$/i.test(value)) return value.toLowerCase()
  throw invalidChunk(field, value, '64 hexadecimal digits')
}

export function checkMetadata(value: unknown, field = 'metadata'): ChunkMetadata | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value === 'object' && !Array.isArray(value)) return value as ChunkMetadata
  throw invalidChunk(field, value, 'a JSON object')
}
