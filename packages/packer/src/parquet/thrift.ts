/**
 * Thrift's compact protocol, as far as Parquet's metadata needs it: a struct is an object whose keys are the field ids.
 *
 *     struct  field… 00
 *     field   (id - last id) << 4 | type   where the distance is 1 to 15
 *             type, zigzag varint of id    where it is larger
 *     i32/i64 zigzag varint
 *     binary  varint length, bytes
 *     list    length << 4 | type           up to 14 elements
 *             f0 | type, varint length     for more
 *     bool    in a struct: its type is its value, 1 true, 2 false; in a list: a byte with the same values
 *
 * Source: https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
 */
import { ByteBuffer } from './byte-buffer.ts'

/** A value, with the type that stands in its field's or list's header. */
export type Thrift = { readonly type: number; write(out: ByteBuffer): void }

/** Fields by id; those that are undefined are left out. */
export type ThriftFields = Readonly<Record<number, Thrift | undefined>>

/** Numbers of the types. Those that nothing here writes stand for the reader, which meets them in files of others. */
export const types = {
  true: 1,
  false: 2,
  i8: 3,
  i16: 4,
  i32: 5,
  i64: 6,
  double: 7,
  binary: 8,
  list: 9,
  set: 10,
  struct: 12,
} as const
const shortDistanceMax = 15
const shortListMax = 14

export function i16(value: number): Thrift {
  return { type: types.i16, write: out => zigzag32(out, value) }
}

export function i32(value: number): Thrift {
  return { type: types.i32, write: out => zigzag32(out, value) }
}

/** A count, a size or a place: never negative, and exact in a number. */
export function i64(value: number): Thrift {
  return { type: types.i64, write: out => out.varint(value * 2) }
}

export function bool(value: boolean): Thrift {
  return { type: value ? types.true : types.false, write() {} }
}

export function binary(bytes: Uint8Array): Thrift {
  return {
    type: types.binary,
    write(out) {
      out.varint(bytes.length)
      out.append(bytes)
    },
  }
}

export function string(text: string): Thrift {
  return binary(Buffer.from(text))
}

export function struct(fields: ThriftFields): Thrift {
  return { type: types.struct, write: out => writeStruct(out, fields) }
}

/** A list of what all has one type; an empty one is written as a list of structs. */
export function list(items: readonly Thrift[]): Thrift {
  return listOf(items[0]?.type ?? types.struct, items.length, (out, index) => items[index]!.write(out))
}

export function boolList(items: readonly boolean[]): Thrift {
  return listOf(types.true, items.length, (out, index) => out.byte(items[index] ? types.true : types.false))
}

/** A struct by itself, as it stands in a file. */
export function encodeStruct(fields: ThriftFields): Uint8Array {
  const out = new ByteBuffer()
  writeStruct(out, fields)
  return out.view()
}

function listOf(type: number, length: number, writeItem: (out: ByteBuffer, index: number) => void): Thrift {
  return {
    type: types.list,
    write(out) {
      if (length <= shortListMax) {
        out.byte((length << 4) | type)
      } else {
        out.byte(0xf0 | type)
        out.varint(length)
      }
      for (let index = 0; index < length; index++) writeItem(out, index)
    },
  }
}

function writeStruct(out: ByteBuffer, fields: ThriftFields): void {
  let last = 0
  // Keys that are whole numbers come in ascending order, whatever order they were written in.
  for (const key in fields) {
    const value = fields[key]
    if (value === undefined) continue
    const id = Number(key)
    const distance = id - last
    if (distance <= shortDistanceMax) {
      out.byte((distance << 4) | value.type)
    } else {
      out.byte(value.type)
      zigzag32(out, id)
    }
    value.write(out)
    last = id
  }
  out.byte(0)
}

function zigzag32(out: ByteBuffer, value: number): void {
  out.varint(((value << 1) ^ (value >> 31)) >>> 0)
}
