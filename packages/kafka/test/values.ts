import fc from 'fast-check'
import { isNullable, isPresent, type Layout } from '../src/codec/layout.ts'
import type { Api, Fields, WireType } from '../src/codec/schema.ts'

/** Every API in every version, both ways: what tests of the whole protocol run over. */
export type Message = { readonly api: Api; readonly version: number; readonly fields: Fields; readonly layout: Layout }

export function versionsOf(api: Api): number[] {
  const [first, last] = api.versions
  return Array.from({ length: last - first + 1 }, (_, i) => first + i)
}

export function layoutOf(api: Api, version: number): Layout {
  return { version, flexible: version >= api.flexible }
}

/** A struct in memory, whatever its fields. */
export type Value = { readonly [field: string]: unknown }

/**
 * Values that a writer takes for `fields`: fields that have a default are left out now and then, and fields that the version
 * does not have are given all the same.
 */
export function arbitraryValue(fields: Fields, layout: Layout): fc.Arbitrary<Value> {
  const arbitraries = Object.entries(fields).map(([name, type]) => [name, typeArbitrary(type, layout)] as const)
  const optional = Object.keys(fields).filter(name => fields[name]!.optional === true)
  const requiredKeys = Object.keys(fields).filter(name => !optional.includes(name))
  return fc.record(Object.fromEntries(arbitraries), { requiredKeys })
}

function typeArbitrary(type: WireType, layout: Layout): fc.Arbitrary<unknown> {
  const arbitrary = notNull(type, layout)
  return isNullable(type, layout) ? fc.option(arbitrary, { nil: null, freq: 4 }) : arbitrary
}

function notNull(type: WireType, layout: Layout): fc.Arbitrary<unknown> {
  switch (type.kind) {
    case 'bool':
      return fc.boolean()
    case 'int8':
      return fc.integer({ min: -128, max: 127 })
    case 'int16':
      return fc.integer({ min: -32768, max: 32767 })
    case 'uint16':
      return fc.integer({ min: 0, max: 65535 })
    case 'int32':
      return fc.integer()
    case 'uint32':
      return fc.integer({ min: 0, max: 0xffffffff })
    case 'int64':
      return int64
    case 'float64':
      return fc.double({ noNaN: true })
    case 'uuid':
      return uuid
    case 'string':
      return text
    case 'bytes':
      return fc.uint8Array({ maxLength: 200 }).map(bytes => Buffer.from(bytes))
    case 'records':
      return records
    case 'array':
      return fc.array(typeArbitrary(type.element!, layout), { maxLength: 5 })
    case 'struct':
      return arbitraryValue(type.fields!, layout)
  }
}

const int64 = fc.oneof(fc.maxSafeInteger(), fc.constantFrom(-1, 0, 2 ** 53, -(2 ** 53), 2 ** 63, -(2 ** 63), 2 ** 32))
const uuid = fc.uint8Array({ minLength: 16, maxLength: 16 }).map(bytes => Buffer.from(bytes).toString('base64url'))
/** Short and long, ASCII and not: each side of every length where a writer does something else. */
const text = fc.oneof(
  fc.string({ maxLength: 10 }),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom(31, 32, 33, 126, 127, 128, 5000).map(length => 'x'.repeat(length)),
)
const piece = fc.uint8Array({ maxLength: 100 })
const records = fc.oneof(piece, fc.array(piece, { maxLength: 3 }))

/** What comes back of a value that was written: every field, defaults where the wire carries none. A second opinion on the rules. */
export function readBack(fields: Fields, layout: Layout, value: Value): Value {
  const back: Record<string, unknown> = {}
  for (const [name, type] of Object.entries(fields)) {
    const given = isPresent(type, layout) ? value[name] : undefined
    back[name] = given === undefined ? defaultOf(type) : typeReadBack(type, layout, given)
  }
  return back
}

function typeReadBack(type: WireType, layout: Layout, value: unknown): unknown {
  if (value === null) return null
  if (type.kind === 'struct') return readBack(type.fields!, layout, value as Value)
  if (type.kind === 'array') return (value as unknown[]).map(each => typeReadBack(type.element!, layout, each))
  if (type.kind === 'records') return Buffer.concat(Array.isArray(value) ? value : [value as Uint8Array])
  return value
}

function defaultOf(type: WireType): unknown {
  if (type.kind !== 'struct' || type.defaultValue !== undefined) return type.defaultValue
  return Object.fromEntries(Object.entries(type.fields!).map(([name, field]) => [name, defaultOf(field)]))
}
