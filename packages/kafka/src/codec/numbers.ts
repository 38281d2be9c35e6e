/**
 * Source text for the values that always take the same room: big-endian numbers and UUIDs at `p` of the bytes `b`.
 * Reading and writing stand side by side, so that the one is seen to be the other backwards.
 */

import type { Kind } from './schema.ts'

/** An expression for the value at `p + offset`. */
export function fixedExpression(kind: Kind, offset: number): string {
  const at = (i: number) => (offset + i === 0 ? 'b[p]' : `b[p + ${offset + i}]`)
  const word = (i: number) => `(${at(i)} << 24 | ${at(i + 1)} << 16 | ${at(i + 2)} << 8 | ${at(i + 3)})`
  switch (kind) {
    case 'bool':
      return `${at(0)} !== 0`
    case 'int8':
      return `${at(0)} << 24 >> 24`
    case 'int16':
      return `(${at(0)} << 8 | ${at(1)}) << 16 >> 16`
    case 'uint16':
      return `${at(0)} << 8 | ${at(1)}`
    case 'int32':
      return word(0)
    case 'uint32':
      return `${word(0)} >>> 0`
    case 'int64':
      return `${word(0)} * 4294967296 + (${word(4)} >>> 0)`
    case 'float64':
      return `b.readDoubleBE(p + ${offset})`
    default:
      return `uuidText(b, p + ${offset})`
  }
}

/** An expression that holds when `t` is not an integer of the kind. */
export function outOfRange(kind: Kind): string {
  switch (kind) {
    case 'int8':
      return 't !== (t << 24 >> 24)'
    case 'int16':
      return 't !== (t << 16 >> 16)'
    case 'uint16':
      return 't !== (t & 65535)'
    case 'int32':
      return 't !== (t | 0)'
    case 'uint32':
      return 't !== (t >>> 0)'
    default:
      return '!Number.isInteger(t) || t < -9223372036854775808 || t > 9223372036854775808'
  }
}

/** Stores the integer `value` at `p`, highest byte first. Bytes are cut to eight bits by the store. */
export function storeInteger(kind: Kind, value: string): string[] {
  switch (kind) {
    case 'int8':
      return [`b[p] = ${value}`]
    case 'int16':
    case 'uint16':
      return [`b[p] = ${value} >> 8`, `b[p + 1] = ${value}`]
    case 'int32':
    case 'uint32':
      return storeWord(value, 0)
    default:
      return ['n = highWord(t)', ...storeWord('n', 0), 'n = lowWord(t)', ...storeWord('n', 4)]
  }
}

function storeWord(value: string, offset: number): string[] {
  const at = (i: number) => (offset + i === 0 ? 'b[p]' : `b[p + ${offset + i}]`)
  return [`${at(0)} = ${value} >> 24`, `${at(1)} = ${value} >> 16`, `${at(2)} = ${value} >> 8`, `${at(3)} = ${value}`]
}

/** Statements that write the length of null. */
export const nullLength = {
  int16: ['b[p] = 255', 'b[p + 1] = 255', 'p += 2'],
  int32: ['b[p] = 255', 'b[p + 1] = 255', 'b[p + 2] = 255', 'b[p + 3] = 255', 'p += 4'],
}
