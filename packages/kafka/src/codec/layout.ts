import { assert } from '@chronicle/base'
import type { Fields, Kind, WireType } from './schema.ts'

/** What of a declaration is on the wire: everything here is decided before the first message is read. */
export type Layout = {
  readonly version: number
  /** Compact lengths and tagged fields (KIP-482). */
  readonly flexible: boolean
}

export type NamedType = readonly [name: string, type: WireType]

/** Bytes of the kinds that always take the same room. */
const fixedBytes: { readonly [K in Kind]?: number } = {
  bool: 1,
  int8: 1,
  int16: 2,
  uint16: 2,
  int32: 4,
  uint32: 4,
  int64: 8,
  float64: 8,
  uuid: 16,
}

export function isPresent(type: WireType, layout: Layout): boolean {
  if (type.tag !== undefined && !layout.flexible) return false
  return type.since <= layout.version && layout.version <= type.until
}

export function isNullable(type: WireType, layout: Layout): boolean {
  return type.nullableSince !== undefined && type.nullableSince <= layout.version
}

/** The fields that stand in a row, in the order of the declaration. */
export function plainFields(fields: Fields, layout: Layout): NamedType[] {
  return Object.entries(fields).filter(([, type]) => type.tag === undefined && isPresent(type, layout))
}

/** The fields of the tag section, by ascending tag. */
export function taggedFields(fields: Fields, layout: Layout): NamedType[] {
  const tagged = Object.entries(fields).filter(([, type]) => type.tag !== undefined && isPresent(type, layout))
  const tags = new Set(tagged.map(([, type]) => type.tag))
  assert(tags.size === tagged.length, `a tag is given twice: ${tagged.map(([name]) => name).join(', ')}`)
  return tagged.sort(([, a], [, b]) => a.tag! - b.tag!)
}

/** Bytes that a value of the type takes whatever it is; `undefined` when that depends on the value. */
export function fixedSize(type: WireType, layout: Layout): number | undefined {
  if (type.kind !== 'struct') return fixedBytes[type.kind]
  if (isNullable(type, layout) || taggedFields(type.fields!, layout).length > 0) return undefined
  // A struct ends with the number of its tagged fields, of which it may be sent some that are unknown here.
  if (layout.flexible) return undefined
  return sum(plainFields(type.fields!, layout).map(([, field]) => fixedSize(field, layout)))
}

/** The fewest bytes that a value can take: what an array's count is held against before anything is allocated. */
export function leastSize(type: WireType, layout: Layout): number {
  switch (type.kind) {
    case 'string':
      return layout.flexible ? 1 : 2
    case 'bytes':
    case 'records':
    case 'array':
      return layout.flexible ? 1 : 4
    case 'struct': {
      if (isNullable(type, layout)) return 1
      const fields = plainFields(type.fields!, layout).map(([, field]) => leastSize(field, layout))
      return fields.reduce((total, size) => total + size, layout.flexible ? 1 : 0)
    }
    default:
      return fixedBytes[type.kind]!
  }
}

/** Source text of the value of a field that the wire does not carry. */
export function defaultSource(type: WireType): string {
  if (type.defaultValue === undefined) {
    assert(type.kind === 'struct', `a ${type.kind} without a default`)
    const fields = Object.entries(type.fields!).map(([name, field]) => `${name}: ${defaultSource(field)}`)
    return `{ ${fields.join(', ')} }`
  }
  if (type.defaultValue instanceof Uint8Array) return 'noBytes'
  return JSON.stringify(type.defaultValue)
}

function sum(sizes: readonly (number | undefined)[]): number | undefined {
  return sizes.includes(undefined) ? undefined : sizes.reduce<number>((total, size) => total + size!, 0)
}
