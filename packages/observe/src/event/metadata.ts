/**
 * What metadata may be: a JSON object that PostgreSQL's jsonb holds as it is. Numbers are IEEE 754 doubles, as in I-JSON (RFC 7493,
 * section 2.2): longer ones are the nearest double, and one that no double comes near is refused.
 */

import { Buffer } from 'node:buffer'
import type { JsonObject, RefusedEvent } from '../contract.ts'
import { metadataBytesMax, metadataDepthMax } from './limits.ts'
import { refused } from './refusal.ts'
import { textProblem } from './text.ts'

/** What is inside is checked by {@link metadataRefusal}. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Why `metadata` is not accepted; `undefined` when it is. */
export function metadataRefusal(metadata: JsonObject): RefusedEvent | undefined {
  const measure = { jsonBytesMax: 0 }
  const refusal = valueRefusal(metadata, 1, measure)
  if (refusal !== undefined) return refusal
  if (measure.jsonBytesMax <= metadataBytesMax) return undefined
  if (Buffer.byteLength(JSON.stringify(metadata)) <= metadataBytesMax) return undefined
  return refused('too-large', `metadata: at most ${metadataBytesMax} bytes of JSON are accepted`)
}

/** An upper bound of the JSON text's length: mostly it is enough to know that metadata are small, and cheaper than writing them. */
type Measure = { jsonBytesMax: number }

/** A unit of UTF-16 as `\u001f`. */
const bytesPerUnitMax = 6
/** `-1.2345678901234567e-300`; also `false`, and a comma. */
const bytesPerValueMax = 26

function valueRefusal(value: unknown, depth: number, measure: Measure): RefusedEvent | undefined {
  measure.jsonBytesMax += bytesPerValueMax
  if (typeof value === 'string') return stringRefusal(value, measure)
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : numberRefusal
  if (value === null || typeof value === 'boolean') return undefined
  if (typeof value !== 'object') return refused('invalid-field', 'metadata: only values of JSON are accepted')
  if (depth > metadataDepthMax) return depthRefusal
  return Array.isArray(value) ? arrayRefusal(value, depth, measure) : objectRefusal(value, depth, measure)
}

const numberRefusal = refused('invalid-field', 'metadata: a number in it is larger than a double can be')
const depthRefusal = refused(
  'too-large',
  `metadata: at most ${metadataDepthMax} arrays and objects inside each other are accepted`,
)

function arrayRefusal(values: readonly unknown[], depth: number, measure: Measure): RefusedEvent | undefined {
  for (const value of values) {
    const refusal = valueRefusal(value, depth + 1, measure)
    if (refusal !== undefined) return refusal
  }
  return undefined
}

function objectRefusal(object: object, depth: number, measure: Measure): RefusedEvent | undefined {
  for (const [name, value] of Object.entries(object)) {
    const refusal = stringRefusal(name, measure) ?? valueRefusal(value, depth + 1, measure)
    if (refusal !== undefined) return refusal
  }
  return undefined
}

function stringRefusal(text: string, measure: Measure): RefusedEvent | undefined {
  measure.jsonBytesMax += text.length * bytesPerUnitMax + 3
  const problem = textProblem(text)
  return problem === undefined ? undefined : refused('invalid-field', `metadata: a text in it ${problem}`)
}
