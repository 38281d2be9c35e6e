import type { Random } from '@chronicle/base'
import { isNullable, type Layout } from '../src/codec/layout.ts'
import type { Fields, WireType } from '../src/codec/schema.ts'
import type { Value } from './values.ts'

/** A value for `fields` from a seeded generator: quick, for a million of them. */
export function randomValue(random: Random, fields: Fields, layout: Layout): Value {
  const value: Record<string, unknown> = {}
  for (const [name, type] of Object.entries(fields)) {
    if (type.optional === true && random.int(4) === 0) continue
    value[name] = randomOf(random, type, layout)
  }
  return value
}

function randomOf(random: Random, type: WireType, layout: Layout): unknown {
  if (isNullable(type, layout) && random.int(4) === 0) return null
  switch (type.kind) {
    case 'bool':
      return random.int(2) === 1
    case 'int8':
      return random.int(256) - 128
    case 'int16':
      return random.int(65536) - 32768
    case 'uint16':
      return random.int(65536)
    case 'int32':
      return random.int(2 ** 32) - 2 ** 31
    case 'uint32':
      return random.int(2 ** 32)
    case 'int64':
      return random.int(2 ** 32) * 2 ** random.int(20) * (random.int(2) === 0 ? 1 : -1)
    case 'float64':
      return random.int(2 ** 32) / 1024
    case 'uuid':
      return Buffer.from(random.bytes(16)).toString('base64url')
    case 'string':
      return 'héllo wörld, '.repeat(6).slice(0, random.int(20) === 0 ? 70 : random.int(12))
    case 'bytes':
    case 'records':
      return Buffer.from(random.bytes(random.int(24)))
    case 'array':
      return Array.from({ length: random.int(4) }, () => randomOf(random, type.element!, layout))
    case 'struct':
      return randomValue(random, type.fields!, layout)
  }
}
