/** What a request says, checked by hand: every refusal names the field, what it was, and what is accepted. */

import type { ChunkMetadata } from '@chronicle/sessions'
import { sessionErrors } from '@chronicle/sessions'
import { serverErrors } from '../../errors.ts'

type Refused = { readonly field: string; readonly value: string; readonly accepted: string }
type Fields = Readonly<Record<string, unknown>>

/** The longest piece of a refused value that an answer repeats. */
const shownCharsMax = 60

/** Longer texts in a path or a header are no whole number. */
const digitsMax = 16

function refused(field: string, value: unknown, accepted: string): Refused {
  return { field, value: shown(value), accepted }
}

function shown(value: unknown): string {
  if (value === undefined) return 'missing'
  // What is inside is not looked at: it may be a million levels deep.
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'a list' : 'an object'
  const text = JSON.stringify(typeof value === 'string' ? value.slice(0, shownCharsMax + 1) : value)
  return text.length > shownCharsMax ? `${text.slice(0, shownCharsMax)}…` : text
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
    throw invalidChunk(unknown.slice(0, shownCharsMax), (value as Fields)[unknown], `no field but ${known.join(', ')}`)
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

/** A whole number of a query; `otherwise` where it is left out. */
export function queryNumber<T>(
  query: Fields,
  name: string,
  bounds: { readonly min: number; readonly max: number },
  otherwise: T,
): number | T {
  const text = query[name]
  if (text === undefined) return otherwise
  const number = typeof text === 'string' && isWholeNumber(text) ? Number(text) : Number.NaN
  if (number >= bounds.min && number <= bounds.max) return number
  const accepted = `a whole number, ${bounds.min} to ${bounds.max}`
  throw serverErrors.create('server.bad-request', refused(name, text, accepted))
}

/** A text of a query that is given at most once. */
export function queryText(query: Fields, name: string): string | undefined {
  const text = query[name]
  if (text === undefined || typeof text === 'string') return text
  throw serverErrors.create('server.bad-request', refused(name, text, 'one value'))
}

function isWholeNumber(text: string): boolean {
  return text.length <= digitsMax && /^\d+$/.test(text)
}
