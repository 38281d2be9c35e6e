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
import { messageDepthMax } from './limits.ts'

export type FieldType = 'text' | 'hex' | 'base64' | 'bool' | 'enum' | 'int64' | 'fixed64' | 'double' | (() => Schema)
export type Field = { readonly name: string; readonly type: FieldType; readonly isRepeated?: boolean }
/** Fields by number. */
export type Schema = Readonly<Record<number, Field>>

const varintBytesMax = 10
const wireTypes: Readonly<Record<string, number>> = { bool: 0, enum: 0, int64: 0, fixed64: 1, double: 1 }

/** Throws 'observe.invalid-otlp'. */
export function readMessage(bytes: Buffer, schema: Schema, depth = 0): Record<string, unknown> {
  if (depth > messageDepthMax) throw invalid('messages lie too deep inside each other')
  const reader = new WireReader(bytes)
  const message: Record<string, unknown> = {}
  while (!reader.isAtEnd) {
    const tag = Number(reader.varint())
    const wireType = tag % 8
    const field = schema[Math.floor(tag / 8)]
    if (field === undefined || wireType !== wireTypeOf(field.type)) {
      reader.skip(wireType)
      continue
    }
    const value = readValue(reader, field.type, depth)
    if (!field.isRepeated) message[field.name] = value
    else if (Array.isArray(message[field.name])) (message[field.name] as unknown[]).push(value)
    else message[field.name] = [value]
  }
  return message
}

const wireTypeOf = (type: FieldType): number => (typeof type === 'string' ? (wireTypes[type] ?? 2) : 2)

function readValue(reader: WireReader, type: FieldType, depth: number): unknown {
  if (typeof type === 'function') return readMessage(reader.bytes(), type(), depth + 1)
  if (type === 'text') return reader.bytes().toString('utf8')
  if (type === 'hex' || type === 'base64') return reader.bytes().toString(type)
  if (type === 'bool') return reader.varint() !== 0n
  if (type === 'enum') return Number(BigInt.asIntN(32, reader.varint()))
  if (type === 'int64') return BigInt.asIntN(64, reader.varint()).toString()
  if (type === 'fixed64') return reader.take(8).readBigUInt64LE().toString()
  return reader.take(8).readDoubleLE()
}

class WireReader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length
  }

  varint(): bigint {
    let value = 0n
    for (let at = 0; at < varintBytesMax; at++) {
      const byte = this.take(1)[0]!
      value |= BigInt(byte & 0x7f) << BigInt(7 * at)
      if (byte < 0x80) return BigInt.asUintN(64, value)
    }
    throw invalid(`a number takes more than ${varintBytesMax} bytes`)
  }

  bytes(): Buffer {
    return this.take(Number(this.varint()))
  }

  take(length: number): Buffer {
    if (length > this.#bytes.length - this.#at) throw invalid('a field goes past the end of its message')
    const taken = this.#bytes.subarray(this.#at, this.#at + length)
    this.#at += length
    return taken
  }

  skip(wireType: number): void {
    if (wireType === 0) this.varint()
    else if (wireType === 1) this.take(8)
    else if (wireType === 2) this.bytes()
    else if (wireType === 5) this.take(4)
    else throw invalid(`wire type ${wireType} is not used any more`)
  }
}

const invalid = (detail: string): Error =>
  observeErrors.create('observe.invalid-otlp', { encoding: 'protobuf', detail })
