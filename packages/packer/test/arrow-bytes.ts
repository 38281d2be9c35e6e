/** Arrow IPC streams put together by hand, so that any one place of them can be wrong. The tables are drawn in src/intake/arrow/message.ts. */

type Scalar = { readonly bytes: 1 | 2 | 4 | 8; readonly value: number | bigint }
/** Writes itself at the end, and says where it begins. */
export type Node = (out: number[]) => number

export const int8 = (value: number): Scalar => ({ bytes: 1, value })
export const int16 = (value: number): Scalar => ({ bytes: 2, value })
export const int32 = (value: number): Scalar => ({ bytes: 4, value })
export const int64 = (value: number | bigint): Scalar => ({ bytes: 8, value })

/** Its vtable stands in front of it, what it refers to behind it. */
export function table(...fields: (Scalar | Node | undefined)[]): Node {
  return out => {
    const sizes = fields.map(field => (field === undefined ? 0 : typeof field === 'function' ? 4 : field.bytes))
    const vtableAt = out.length
    const at = vtableAt + 4 + fields.length * 2
    let offset = 4
    const offsets = sizes.map(size => (size === 0 ? 0 : (offset += size) - size))
    for (const half of [4 + fields.length * 2, offset, ...offsets]) put(out, 2, half)
    put(out, 4, at - vtableAt)
    for (const field of fields) if (field) put(out, typeof field === 'function' ? 4 : field.bytes, inlineValue(field))
    for (const [index, field] of fields.entries())
      if (typeof field === 'function') refer(out, at + offsets[index]!, field)
    return at
  }
}

function inlineValue(field: Scalar | Node): number | bigint {
  return typeof field === 'function' ? 0 : field.value
}

export function tables(...nodes: Node[]): Node {
  return out => {
    const at = out.length
    put(out, 4, nodes.length)
    for (const _ of nodes) put(out, 4, 0)
    for (const [index, node] of nodes.entries()) refer(out, at + 4 + index * 4, node)
    return at
  }
}

/** Of structs of two int64. */
export function pairs(values: readonly (readonly [number | bigint, number | bigint])[]): Node {
  return out => {
    const at = out.length
    put(out, 4, values.length)
    for (const number of values.flat()) put(out, 8, number)
    return at
  }
}

export function name(value: string): Node {
  return out => {
    const at = out.length
    put(out, 4, Buffer.byteLength(value))
    out.push(...Buffer.from(value), 0)
    return at
  }
}

function refer(out: number[], from: number, node: Node): void {
  const distance = node(out) - from
  for (let index = 0; index < 4; index++) out[from + index] = (distance >> (index * 8)) & 0xff
}

function put(out: number[], bytes: number, value: number | bigint): void {
  const wide = BigInt.asUintN(64, BigInt(value))
  for (let index = 0; index < bytes; index++) out.push(Number((wide >> BigInt(index * 8)) & 0xffn))
}

/** A message with its prefix, metadata and body. */
export function message(type: number, header: Node, body: Uint8Array = Buffer.alloc(0), version = 4): Buffer {
  const metadata: number[] = []
  put(metadata, 4, 0)
  refer(metadata, 0, table(int16(version), int8(type), header, int64(body.length)))
  while (metadata.length % 8 > 0) metadata.push(0)
  const prefix: number[] = []
  for (const word of [0xffff_ffff, metadata.length]) put(prefix, 4, word)
  return Buffer.concat([Buffer.from(prefix), Buffer.from(metadata), body])
}

export const end = Buffer.from('ffffffff00000000', 'hex')

/** Numbers of types in a field. */
export const types = { int: 2, float: 3, utf8: 5, struct: 13, largeUtf8: 20, utf8View: 24 }

export function field(named: string, type: number, ...more: (Node | undefined)[]): Node {
  return table(name(named), int8(1), int8(type), ...more)
}

export const int = (bits: number, isSigned = true) => table(int32(bits), int8(isSigned ? 1 : 0))

export const textNames = ['event_type', 'app_bundle_id', 'window_title', 'data', 'session_id', 'event_id'] as const

/** The fields of events, text as utf8 where `fields` does not say otherwise. */
export function eventFields(fields: Partial<Record<(typeof textNames)[number], Node>> = {}): Node[] {
  const texts = textNames.map(named => fields[named] ?? field(named, types.utf8))
  return [field('timestamp_ns', types.int, int(64)), ...texts]
}

export function schemaMessage(fields: Node[] = eventFields(), endianness = 0): Buffer {
  return message(1, table(int16(endianness), tables(...fields)))
}

/** What a batch is made of; buffers as they lie in the body. */
export type BatchParts = {
  rows: number | bigint
  nodes: (readonly [number | bigint, number | bigint])[]
  buffers: (readonly [number | bigint, number | bigint])[]
  body: Buffer
  compression?: Node
}

/** Arrays one behind the other in a body, each at a multiple of 8. */
export function partsOf(rows: number, arrays: readonly (readonly (ArrayBufferView | undefined)[])[]): BatchParts {
  const parts: BatchParts = { rows, nodes: arrays.map(() => [rows, 0]), buffers: [], body: Buffer.alloc(0) }
  for (const view of arrays.flat()) {
    const bytes = view ? Buffer.from(view.buffer, view.byteOffset, view.byteLength) : Buffer.alloc(0)
    parts.buffers.push([parts.body.length, bytes.length])
    parts.body = Buffer.concat([parts.body, bytes, Buffer.alloc((8 - (bytes.length % 8)) % 8)])
  }
  return parts
}

export function recordBatch({ rows, nodes, buffers, compression }: BatchParts): Node {
  return table(int64(rows), pairs(nodes), pairs(buffers), compression)
}

/** `rows` events whose texts are all `{}`. */
export function eventParts(rows = 2): BatchParts {
  const offsets = Int32Array.from({ length: rows + 1 }, (_, row) => row * 2)
  const text = [undefined, offsets, Buffer.from('{}'.repeat(rows))]
  return partsOf(rows, [[undefined, new BigInt64Array(rows).fill(1n)], ...textNames.map(() => text)])
}

export function batchMessage(parts: BatchParts): Buffer {
  return message(3, recordBatch(parts), parts.body)
}

/** Entries of a dictionary of utf8. */
export function dictionaryMessage(id: number, entries: readonly string[], isDelta = false): Buffer {
  const offsets = Int32Array.from({ length: entries.length + 1 }, (_, at) =>
    Buffer.byteLength(entries.slice(0, at).join('')),
  )
  const parts = partsOf(entries.length, [[undefined, offsets, Buffer.from(entries.join(''))]])
  return message(2, table(int64(id), recordBatch(parts), int8(isDelta ? 1 : 0)), parts.body)
}

export function stream(...messages: Uint8Array[]): Buffer {
  return Buffer.concat([...messages, end])
}
