/**
 * Reads Thrift's compact protocol (drawn in `thrift.ts`), so that what was read can be written again: a value that nobody changes is written
 * with the bytes it was read from, and a struct is changed by spreading its fields.
 *
 *     struct({ ...read.fields, 3: i32(length), 8: undefined })
 *
 * Bounded whatever the bytes are: nothing behind them is read, structs and lists lie in each other at most `depthMax` deep, and a list has
 * no more elements than bytes are left, of which each takes one at least.
 */
import { packerErrors } from '../errors.ts'
import type { ByteBuffer } from './byte-buffer.ts'
import { type Thrift, types } from './thrift.ts'

const depthMax = 16
const fieldIdMax = 0x7fff
/** Bytes of a varint of 64 bits. */
const varintBytesMax = 10
const doubleBytes = 8
const longList = 15

type Value = bigint | boolean | Buffer | readonly ThriftRead[] | ThriftStruct

/** A value that was read, with the place of its bytes. */
class ThriftRead implements Thrift {
  readonly type: number
  readonly value: Value
  readonly #bytes: Uint8Array
  readonly #from: number
  readonly #to: number

  constructor(type: number, value: Value, bytes: Uint8Array, from: number, to: number) {
    this.type = type
    this.value = value
    this.#bytes = bytes
    this.#from = from
    this.#to = to
  }

  write(out: ByteBuffer): void {
    out.appendRange(this.#bytes, this.#from, this.#to)
  }
}

/** A struct that was read. Asking for a field that is not there, or of another type, throws `packer.parquet-damaged`. */
export class ThriftStruct {
  readonly fields: Readonly<Record<number, ThriftRead>>
  readonly #part: string

  constructor(fields: Readonly<Record<number, ThriftRead>>, part: string) {
    this.fields = fields
    this.#part = part
  }

  has(id: number): boolean {
    return this.fields[id] !== undefined
  }

  /** A number, a size or a place: never negative, and exact in a number. */
  count(id: number): number {
    const value = this.#value(id)
    if (typeof value !== 'bigint' || value < 0n || value > Number.MAX_SAFE_INTEGER) this.#refuse(id)
    return Number(value)
  }

  boolean(id: number): boolean {
    const value = this.#value(id)
    return typeof value === 'boolean' ? value : this.#refuse(id)
  }

  binary(id: number): Buffer {
    const value = this.#value(id)
    return Buffer.isBuffer(value) ? value : this.#refuse(id)
  }

  struct(id: number): ThriftStruct {
    const value = this.#value(id)
    return value instanceof ThriftStruct ? value : this.#refuse(id)
  }

  structs(id: number): readonly ThriftStruct[] {
    const value = this.#value(id)
    if (!Array.isArray(value)) return this.#refuse(id)
    return value.map(item => (item.value instanceof ThriftStruct ? item.value : this.#refuse(id)))
  }

  #value(id: number): Value | undefined {
    return this.fields[id]?.value
  }

  #refuse(id: number): never {
    const reason = `field ${id} is missing, or not what the format says`
    throw packerErrors.create('packer.parquet-damaged', { part: this.#part, reason })
  }
}

/** The struct at the beginning of `bytes`, and where it ends. `part` is what errors call it. */
export function readStruct(bytes: Uint8Array, part: string): { struct: ThriftStruct; end: number } {
  const reader = new CompactReader(bytes, part)
  return { struct: reader.struct(0), end: reader.at }
}

class CompactReader {
  at = 0
  readonly #bytes: Buffer
  readonly #part: string

  constructor(bytes: Uint8Array, part: string) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    this.#part = part
  }

  struct(depth: number): ThriftStruct {
    const fields: Record<number, ThriftRead> = {}
    for (let id = 0; ; ) {
      const header = this.#byte()
      if (header === 0) return new ThriftStruct(fields, this.#part)
      id = header >> 4 === 0 ? Number(this.#zigzag()) : id + (header >> 4)
      if (id < 1 || id > fieldIdMax || id in fields) this.#refuse('a field has a number that cannot be')
      const type = header & 15
      // In a struct, the type of a boolean is its value.
      if (type === types.true || type === types.false) {
        fields[id] = new ThriftRead(type, type === types.true, this.#bytes, this.at, this.at)
      } else {
        fields[id] = this.#read(type, depth)
      }
    }
  }

  #read(type: number, depth: number): ThriftRead {
    const from = this.at
    const value = this.#value(type, depth)
    return new ThriftRead(type, value, this.#bytes, from, this.at)
  }

  #value(type: number, depth: number): Value {
    if (depth >= depthMax) this.#refuse('it is nested too deep')
    switch (type) {
      // Only in a list does a boolean have a byte.
      case types.true:
      case types.false:
        return this.#byte() === types.true
      case types.i8:
        return BigInt(this.#byte())
      case types.i16:
      case types.i32:
      case types.i64:
        return this.#zigzag()
      case types.double:
        return this.#take(doubleBytes)
      case types.binary:
        return this.#take(this.#length())
      case types.list:
      case types.set:
        return this.#list(depth)
      case types.struct:
        return this.struct(depth + 1)
      default:
        return this.#refuse('a value has a type that the format has no use for')
    }
  }

  #list(depth: number): ThriftRead[] {
    const header = this.#byte()
    const length = header >> 4 === longList ? this.#length() : header >> 4
    if (length > this.#bytes.length - this.at) this.#refuse('a list is longer than what is left')
    const items: ThriftRead[] = []
    for (let index = 0; index < length; index++) items.push(this.#read(header & 15, depth + 1))
    return items
  }

  #length(): number {
    const length = this.#varint()
    return length <= this.#bytes.length ? Number(length) : this.#refuse('a length goes beyond the end')
  }

  #take(length: number): Buffer {
    if (length > this.#bytes.length - this.at) this.#refuse('a value goes beyond the end')
    this.at += length
    return this.#bytes.subarray(this.at - length, this.at)
  }

  #varint(): bigint {
    let value = 0n
    for (let index = 0; index < varintBytesMax; index++) {
      const byte = this.#byte()
      value |= BigInt(byte & 0x7f) << BigInt(index * 7)
      if (byte < 0x80) return value
    }
    return this.#refuse('a number has more than 64 bits')
  }

  #zigzag(): bigint {
    const value = this.#varint()
    return (value >> 1n) ^ -(value & 1n)
  }

  #byte(): number {
    const byte = this.#bytes[this.at++]
    return byte ?? this.#refuse('it ends too early')
  }

  #refuse(reason: string): never {
    throw packerErrors.create('packer.parquet-damaged', { part: this.#part, reason })
  }
}
