/**
 * Messages of an Arrow IPC stream (https://arrow.apache.org/docs/format/Columnar.html, "Serialization and Interprocess Communication (IPC)";
 * the tables: format/Message.fbs and format/Schema.fbs of Apache Arrow), little-endian.
 *
 * ```text
 * stream   one Schema; RecordBatches, and DictionaryBatches before what refers to them; the end; nothing behind it
 *
 * message
 * OFFSET SIZE  FIELD
 *      0    4  continuation marker, 0xFFFFFFFF
 *      4    4  m: bytes of metadata with their padding; 0 is the end of the stream, which is these 8 bytes
 *      8    m  metadata: a FlatBuffer whose root is a Message
 *    8+m    b  body: the buffers of a batch; b stands in the metadata
 *
 * tables, with the numbers of their fields
 * Message             0 version int16: 3 is V4, 4 is V5 · 1 header type uint8: 1 Schema, 2 DictionaryBatch, 3 RecordBatch
 *                     2 header, a table of that type · 3 bytes of the body int64 · 4 custom metadata, not read
 * Schema              0 endianness int16: 0 little, 1 big · 1 fields [Field] · 2 custom metadata, not read · 3 features, not read
 * Field               0 name text · 1 nullable, not read · 2 type uint8 · 3 a table of that type · 4 dictionary DictionaryEncoding
 *                     5 children [Field], none accepted · 6 custom metadata, not read
 * Int                 0 bits int32 · 1 signed bool
 * DictionaryEncoding  0 id int64 · 1 type of the indices Int, absent: int32 · 2 ordered, not read
 * DictionaryBatch     0 id int64 · 1 data RecordBatch, one array · 2 delta bool: its values follow those that are there already
 * RecordBatch         0 rows int64 · 1 nodes [rows int64, nulls int64], one for each field · 2 buffers [offset int64, bytes int64] in the body
 *                     3 compression, none accepted
 *
 * buffers of a field  numbers, and indices into a dictionary: validity, values
 *                     text and binary: validity, offsets (32 bits, 64 where the type is large), bytes
 *                     validity is a bitmap, low bits first, 1 where there is a value; 0 bytes where no value is null
 * ```
 * Streams from before Arrow 0.15 have no marker and no other end than 4 zero bytes; they are refused.
 */
import { notArrow, RecordRefused } from '../refused.ts'
import { FlatTable } from './flat-table.ts'

const marker = 0xffff_ffff
const prefixBytes = 8
const endOfStream = Buffer.from('ffffffff00000000', 'hex')
const versions = [3, 4]

const headers = { 1: 'schema', 2: 'dictionary', 3: 'batch' } as const
const messageField = { version: 0, headerType: 1, header: 2, bodyBytes: 3 }

/** The metadata of a message, not yet looked into, and where its body begins in the payload. */
export type RawMessage = { readonly metadata: Uint8Array; readonly bodyAt: number }

export type Message = {
  readonly kind: (typeof headers)[keyof typeof headers]
  readonly header: FlatTable
  readonly body: Uint8Array
  /** Where the next message begins in the payload. */
  readonly end: number
}

/** Refuses what was cut short before anything is read of it. */
export function checkEnd(payload: Uint8Array): void {
  if (endOfStream.equals(payload.subarray(-endOfStream.length))) return
  throw new RecordRefused(
    'torn-record',
    'an Arrow IPC stream ends with its end-of-stream marker, and this one does not',
  )
}

/** The message that begins at `at`; undefined at the end of the stream. Its lengths are compared with the bytes that are left (PI3). */
export function rawMessageAt(payload: Uint8Array, at: number): RawMessage | undefined {
  const left = payload.length - at - prefixBytes
  if (left < 0) throw notArrow(`${payload.length - at} bytes are left where a message of at least 8 should begin`)
  if (uint32(payload, at) !== marker) {
    throw notArrow(`no message begins at byte ${at}; streams from before Arrow 0.15 are not accepted`)
  }
  const bytes = uint32(payload, at + 4)
  if (bytes > left) throw notArrow(`a message has ${bytes} bytes of metadata, and ${left} are left`)
  if (bytes === 0 && left > 0) throw notArrow(`${left} bytes follow the end of the stream`)
  const bodyAt = at + prefixBytes + bytes
  return bytes === 0 ? undefined : { metadata: payload.subarray(at + prefixBytes, bodyAt), bodyAt }
}

export function openMessage(payload: Uint8Array, { metadata, bodyAt }: RawMessage): Message {
  const root = FlatTable.root(metadata)
  const version = root.int16(messageField.version)
  if (!versions.includes(version)) throw notArrow(`its metadata has version ${version}, accepted are 3 (V4) and 4 (V5)`)
  const type = root.uint8(messageField.headerType)
  const header = root.table(messageField.header)
  if (header === undefined || !isHeaderType(type)) {
    throw notArrow(`a message of type ${type}, accepted are 1, 2 and 3: schema, dictionary and record batches`)
  }
  const bytes = root.int64(messageField.bodyBytes)
  const left = payload.length - bodyAt
  if (bytes < 0 || bytes > left) throw notArrow(`a message has a body of ${bytes} bytes, and ${left} are left`)
  const end = bodyAt + bytes
  return { kind: headers[type], header, body: payload.subarray(bodyAt, end), end }
}

function isHeaderType(type: number): type is keyof typeof headers {
  return Object.hasOwn(headers, type)
}

function uint32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0
}
