/**
 * Reads the protobuf wire format into the objects of its JSON form, as a schema says (protobuf.dev/programming-guides/encoding).
 *
 * ```text
 * message  field*
 * field    tag: varint = number << 3 | wire type, then
 *            0  varint            bool, enum, int64, uint32
 *            1  8 bytes           fixed64, double; little-endian
 *            2  length: varint, then so many bytes: text, bytes, a message
 *            5  4 bytes           fixed32; little-endian
 * varint   7 bits a byte, the lowest first; the high bit says that another follows; at most 10 bytes
 * ```
 *
 * As OTLP's JSON wants them, ids become hexadecimal and 64-bit numbers decimal texts; other bytes become base64. A field that the schema does not name is skipped.
 */

import { observeErrors } from '../../errors.ts'
import { messageDepthMax, messagesMax } from './limits.ts'

export type FieldType = 'text' | 'hex' | 'base64' | 'bool' | 'enum' | 'int64' | 'fixed64' | 'double' | (() => Schema)
export type Field = { readonly name: string; readonly type: FieldType; readonly isRepeated?: boolean }
/** Fields by number. */
export type Schema = Readonly<Record<number, Field>>

const varintBytesMax = 10
const wireTypes: Readonly<Record<string, number>> = { bool: 0, enum: 0, int64: 0, fixed64: 1, double: 1 }

/** Throws 'observe.invalid-otlp'. */
export function readMessage(bytes: Buffer, schema: Schema): Record<string, unknown> {
  return new WireReader(bytes).message(schema, bytes.length, 0)
}

/** Names of all fields of a schema, and of the schemas in it. */
export function namesOf(schema: Schema, found = new Set<string>(), visited = new Set<Schema>()): ReadonlySet<string> {
  if (visited.has(schema)) return found
  visited.add(schema)
  for (const { name, type } of Object.values(schema)) {
    found.add(name)
    if (typeof type === 'function') namesOf(type(), found, visited)
  }
  return found
}

const wireTypeOf = (type: FieldType): number => (typeof type === 'string' ? (wireTypes[type] ?? 2) : 2)

/** Goes through all messages of a request in place: nothing is cut out before it is a value. */
class WireReader {
  readonly #bytes: Buffer
  #at = 0
  /** Where the message ends that is being read. */
  #end = 0
  #messages = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  message(schema: Schema, end: number, depth: number): Record<string, unknown> {
    if (depth > messageDepthMax) throw invalid('messages lie too deep inside each other')
    if (++this.#messages > messagesMax) throw invalid(`more than ${messagesMax} messages inside each other`)
    const outer = this.#end
    this.#end = end
    const message: Record<string, unknown> = {}
    while (this.#at < end) {
      const tag = this.#number()
      const wireType = tag % 8
      if (tag < 8) throw invalid('a field has the number 0, and they begin with 1')
      const field = schema[Math.floor(tag / 8)]
      if (field === undefined || wireType !== wireTypeOf(field.type)) {
        this.#skip(wireType)
        continue
      }
      const value = this.#value(field.type, depth)
      if (!field.isRepeated) message[field.name] = value
      else if (Array.isArray(message[field.name])) (message[field.name] as unknown[]).push(value)
      else message[field.name] = [value]
    }
    this.#end = outer
    return message
  }

  #value(type: FieldType, depth: number): unknown {
    if (type === 'bool') return this.#number() !== 0
    if (type === 'enum') return Number(BigInt.asIntN(32, this.#varint()))
    if (type === 'int64') return BigInt.asIntN(64, this.#varint()).toString()
    if (type === 'fixed64') return this.#bytes.readBigUInt64LE(this.#take(8)).toString()
    if (type === 'double') return this.#bytes.readDoubleLE(this.#take(8))
    const start = this.#take(this.#number())
    const end = this.#at
    if (type === 'text') return this.#bytes.toString('utf8', start, end)
    if (type === 'hex' || type === 'base64') return this.#bytes.toString(type, start, end)
    this.#at = start
    return this.message(type(), end, depth + 1)
  }

  /** Passes over `length` bytes of this message, and returns where they begin. */
  #take(length: number): number {
    if (length > this.#end - this.#at) throw invalid('a field goes past the end of its message')
    const start = this.#at
    this.#at += length
    return start
  }

  /** A varint that is a tag or a length: exact below 2^53, and larger than any message beyond. */
  #number(): number {
    let value = 0
    let weight = 1
    for (let read = 0; read < varintBytesMax; read++) {
      const byte = this.#bytes[this.#take(1)]!
      value += (byte & 0x7f) * weight
      if (byte < 0x80) return value
      weight *= 0x80
    }
    throw tooLong()
  }

  #varint(): bigint {
    let value = 0n
    for (let read = 0n; read < varintBytesMax; read++) {
      const byte = this.#bytes[this.#take(1)]!
      value |= BigInt(byte & 0x7f) << (7n * read)
      if (byte < 0x80) return BigInt.asUintN(64, value)
    }
    throw tooLong()
  }

  #skip(wireType: number): void {
    if (wireType === 0) this.#number()
    else if (wireType === 1) this.#take(8)
    else if (wireType === 2) this.#take(this.#number())
    else if (wireType === 5) this.#take(4)
    else throw invalid(`wire type ${wireType} is not used any more`)
  }
}

const tooLong = (): Error => invalid(`a number takes more than ${varintBytesMax} bytes`)

const invalid = (detail: string): Error =>
  observeErrors.create('observe.invalid-otlp', { encoding: 'protobuf', detail })
