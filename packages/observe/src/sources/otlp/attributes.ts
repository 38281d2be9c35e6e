import type { Json, JsonObject } from '../../contract.ts'
import { valueDepthMax } from './limits.ts'

type Parsed = Record<string, unknown>

/** `value` as an object; an empty one where it is none. */
export const objectOf = (value: unknown): Parsed =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Parsed) : {}

export const arrayOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

/** A list of KeyValue as an object; of a key that comes twice the last. Undefined when values lie too deep inside each other. */
export function attributesOf(list: unknown, depth = 0): JsonObject | undefined {
  const entries: [string, Json][] = []
  for (const item of arrayOf(list)) {
    const { key, value } = objectOf(item)
    if (typeof key !== 'string') continue
    const json = jsonOf(value, depth)
    if (json === undefined) return undefined
    entries.push([key, json])
  }
  return Object.fromEntries(entries)
}

/** An AnyValue as JSON. Whole numbers past 2^53 and doubles that JSON has no number for become texts, bytes stay base64; what has no value is null. */
function jsonOf(value: unknown, depth: number): Json | undefined {
  if (depth > valueDepthMax) return undefined
  const any = objectOf(value)
  if (typeof any.stringValue === 'string') return any.stringValue
  if (typeof any.boolValue === 'boolean') return any.boolValue
  if (any.intValue !== undefined) return wholeNumber(any.intValue)
  if (any.doubleValue !== undefined) return double(any.doubleValue)
  if (typeof any.bytesValue === 'string') return any.bytesValue
  if (any.kvlistValue !== undefined) return attributesOf(objectOf(any.kvlistValue).values, depth + 1)
  return any.arrayValue === undefined ? null : arrayValue(any.arrayValue, depth)
}

function arrayValue(value: unknown, depth: number): Json | undefined {
  const items: Json[] = []
  for (const item of arrayOf(objectOf(value).values)) {
    const json = jsonOf(item, depth + 1)
    if (json === undefined) return undefined
    items.push(json)
  }
  return items
}

/** JSON has it as a text or, from some exporters, as a number. */
function wholeNumber(value: unknown): Json {
  const number = Number(value)
  if (Number.isSafeInteger(number)) return number
  return typeof value === 'string' ? value : null
}

function double(value: unknown): Json {
  const number = typeof value === 'string' ? Number(value) : value
  if (typeof number !== 'number') return null
  return Number.isFinite(number) ? number : String(number)
}
