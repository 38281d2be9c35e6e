import { type Layout, plainFields, taggedFields } from '../src/codec/layout.ts'
import type { Fields, WireType } from '../src/codec/schema.ts'
import { uuidToKafka } from '../src/uuid.ts'
import type { Value } from './values.ts'

/**
 * A value in which every number and every string on the wire is another one: bytes that are read in the wrong place, or as
 * something else, show.
 */
export function distinctValue(fields: Fields, layout: Layout, next = counter()): Value {
  const present = [...plainFields(fields, layout), ...taggedFields(fields, layout)]
  return Object.fromEntries(present.map(([name, type]) => [name, distinct(name, type, layout, next)]))
}

function distinct(name: string, type: WireType, layout: Layout, next: () => number): unknown {
  switch (type.kind) {
    case 'bool':
      return true
    case 'int8':
      return next() % 128
    case 'int64':
      // Upper and lower word differ.
      return next() * 2 ** 32 + next()
    case 'uuid':
      return Buffer.alloc(16, next()).toString('base64url')
    case 'string':
      return `${name}-${next()}`
    case 'records':
      // Others parse the batches at once: what those are is not the codec's concern.
      return null
    case 'bytes':
      return Buffer.from(`${name}-${next()}`)
    case 'array':
      return [0, 1].map(() => distinct(name, type.element!, layout, next))
    case 'struct':
      return distinctValue(type.fields!, layout, next)
    default:
      return next()
  }
}

function counter(): () => number {
  let count = 0
  return () => ++count
}

/** All numbers, strings and bytes in `value`, sorted, in one notation: other implementations name and nest things differently. */
export function leavesOf(value: unknown): string[] {
  return [...leaves(value)].sort()
}

function* leaves(value: unknown): Generator<string> {
  if (value === null || value === undefined || typeof value === 'boolean' || typeof value === 'function') return
  if (typeof value === 'string') yield uuidToKafka(value) ?? value
  else if (typeof value === 'bigint' || typeof value === 'number') yield String(value)
  else if (value instanceof Uint8Array) yield Buffer.from(value).toString('latin1')
  else if (isLong(value)) yield value.toString()
  else for (const each of value instanceof Map ? value.values() : Object.values(value)) yield* leaves(each)
}

/** kafkajs's own 64-bit integers. */
function isLong(value: object): boolean {
  return value.constructor.name === 'Long'
}

/** Those of `expected` that `actual` lacks, each as often as it occurs. */
export function missing(expected: readonly string[], actual: readonly string[]): string[] {
  const left = new Map<string, number>()
  for (const leaf of actual) left.set(leaf, (left.get(leaf) ?? 0) + 1)
  return expected.filter(leaf => {
    const count = left.get(leaf) ?? 0
    left.set(leaf, count - 1)
    return count <= 0
  })
}
