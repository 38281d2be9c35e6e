/**
 * A frame as a record of the ring: an Arrow IPC stream of one row, as message.ts draws it.
 *
 * ```text
 * message  Schema        timestamp_ns int64 · session_id, event_id, format utf8 · image binary · metadata utf8
 * message  RecordBatch   1 row; of each text and of the image: no validity, offsets [0, length] in 32 bits, bytes
 * end      ff ff ff ff 00 00 00 00
 * ```
 * Every buffer is padded to a multiple of 8 bytes.
 */
import { assert } from '@chronicle/base'
import { type FlatField, type FlatPart, flatBuffer } from './arrow/flat-writer.ts'
import type { Frame } from './contract.ts'

const version5 = 4
const headerTypes = { schema: 1, batch: 3 }
const typeIds = { int: 2, binary: 4, utf8: 5 }
const offsetMax = 0x7fff_ffff
const alignment = 8
const endOfStream = Buffer.from('ffffffff00000000', 'hex')

type Column = { readonly name: string; readonly type: keyof typeof typeIds }

const columns: readonly Column[] = [
  { name: 'timestamp_ns', type: 'int' },
  { name: 'session_id', type: 'utf8' },
  { name: 'event_id', type: 'utf8' },
  { name: 'format', type: 'utf8' },
  { name: 'image', type: 'binary' },
  { name: 'metadata', type: 'utf8' },
]

/** Of one that is encoded; raw pixels have columns that this does not write. The record is memory of its own. */
export type EncodedFrameRecord = Omit<Frame, 'raw'>

export function encodeFrameRecord(frame: EncodedFrameRecord): Buffer {
  assert(frame.format !== 'rgba', 'raw pixels have a size besides')
  const timestamp = Buffer.alloc(8)
  timestamp.writeBigInt64LE(frame.timestampNs)
  const texts = [frame.sessionId, frame.eventId, frame.format].map(text => Buffer.from(text))
  const values = [...texts, frame.image, Buffer.from(frame.metadata)]
  const buffers = [empty, timestamp, ...values.flatMap(value => [empty, offsetsOf(value), value])]
  return Buffer.concat([schema, ...batch(buffers), endOfStream])
}

const empty = Buffer.alloc(0)
const schema = Buffer.concat(message(headerTypes.schema, schemaPart(), []))

function batch(buffers: readonly Uint8Array[]): Uint8Array[] {
  let end = 0
  const places = buffers.map(({ length }): [number, number] => {
    const at = end
    end = padded(end + length)
    return [at, length]
  })
  const nodes = columns.map((): [number, number] => [1, 0])
  const header = { fields: [number(8, 1), { to: { pairs: nodes } }, { to: { pairs: places } }] }
  const body = buffers.flatMap(buffer => [buffer, Buffer.alloc(padded(buffer.length) - buffer.length)])
  return message(headerTypes.batch, header, body)
}

function message(type: number, header: FlatPart, body: readonly Uint8Array[]): Uint8Array[] {
  const bodyBytes = body.reduce((sum, { length }) => sum + length, 0)
  const metadata = flatBuffer({ fields: [number(2, version5), number(1, type), { to: header }, number(8, bodyBytes)] })
  const prefix = Buffer.alloc(8, 0xff)
  prefix.writeUInt32LE(metadata.length, 4)
  return [prefix, metadata, ...body]
}

function schemaPart(): FlatPart {
  return { fields: [undefined, { to: { tables: columns.map(fieldPart) } }] }
}

function fieldPart({ name, type }: Column): FlatPart {
  const typeTable: FlatPart = { fields: type === 'int' ? [number(4, 64), number(1, 1)] : [] }
  // Some readers want the list of children even where it is empty.
  const fields = [{ to: { text: name } }, undefined, number(1, typeIds[type]), { to: typeTable }, undefined]
  return { fields: [...fields, { to: { tables: [] } }] }
}

function number(bytes: 1 | 2 | 4 | 8, value: number): FlatField {
  return { bytes, value }
}

function offsetsOf({ length }: Uint8Array): Buffer {
  assert(length <= offsetMax, 'an offset has 32 bits')
  const offsets = Buffer.alloc(8)
  offsets.writeInt32LE(length, 4)
  return offsets
}

function padded(bytes: number): number {
  return Math.ceil(bytes / alignment) * alignment
}
