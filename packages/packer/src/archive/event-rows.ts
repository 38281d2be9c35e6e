/** The events of an archive's Parquet file, some at a time, so that a file of any size takes little memory. */
import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import { messageOf } from '@chronicle/base'
import { type Compressors, parquetMetadataAsync, parquetRead } from 'hyparquet'
import lz4 from 'lz4-napi'
import snappy from 'snappy'
import { packerErrors } from '../errors.ts'

/** Rows in memory at once. */
const rowsAtOnce = 4096
/** Of a page, opened: the writer keeps a whole row group below 64 MiB. */
const pageBytesMax = 128 * 1024 * 1024
/** The binding wants the length in front of a block. */
const lz4LengthBytes = 4

const columns = ['timestamp_ns', 'event_type', 'app_bundle_id', 'window_title', 'data', 'session_id', 'event_id']

export type ArchivedEvent = {
  readonly timestampNs: bigint
  readonly eventType: string
  readonly appBundleId: string | null
  readonly windowTitle: string | null
  /** JSON, as it was written. */
  readonly data: string
  readonly sessionId: string
  readonly eventId: string
}

/** A plain Parquet file: its bytes [start, end). */
export type PlainRanges = { readonly bytes: number; read(start: number, end: number): Promise<Uint8Array> }

/** In the order of the file. Rejects with `packer.archived-file-damaged` for what is no file of events. */
export async function* readEvents(
  path: string,
  { bytes, read }: PlainRanges,
): AsyncGenerator<readonly ArchivedEvent[]> {
  const file = { byteLength: bytes, slice: async (start: number, end = bytes) => bufferOf(await read(start, end)) }
  const asking = async <T>(step: () => Promise<T>): Promise<T> => {
    try {
      return await step()
    } catch (error) {
      const reason = `it is no Parquet file of events: ${messageOf(error)}`
      throw packerErrors.create('packer.archived-file-damaged', { path, reason }, error)
    }
  }
  const metadata = await asking(() => parquetMetadataAsync(file, { parsers }))
  const rows = Number(metadata.num_rows)
  for (let rowStart = 0; rowStart < rows; rowStart += rowsAtOnce) {
    const rowEnd = Math.min(rows, rowStart + rowsAtOnce)
    const range = { rowStart, rowEnd, useOffsetIndex: true }
    const found = await asking(async () => {
      let read: unknown[][] = []
      const onComplete = (all: unknown[][]) => {
        read = all
      }
      await parquetRead({ file, metadata, columns, compressors, parsers, ...range, onComplete })
      if (read.length !== rowEnd - rowStart) throw new RangeError('it has other rows than its footer says')
      return read.map(eventOf)
    })
    yield found
  }
}

function eventOf(row: readonly unknown[]): ArchivedEvent {
  const [timestampNs, eventType, appBundleId, windowTitle, data, sessionId, eventId] = row
  if (typeof timestampNs !== 'bigint') throw new TypeError('timestamp_ns is no number of 64 bits')
  return {
    timestampNs,
    eventType: text(eventType),
    appBundleId: appBundleId == null ? null : text(appBundleId),
    windowTitle: windowTitle == null ? null : text(windowTitle),
    data: text(data),
    sessionId: text(sessionId),
    eventId: text(eventId),
  }
}

function text(value: unknown): string {
  if (typeof value === 'string') return value
  throw new TypeError('a column of texts has something else')
}

/** Nanoseconds and JSON stay as they are. */
const parsers = {
  timestampFromNanoseconds: (nanos: bigint) => nanos,
  jsonFromBytes: (bytes: Uint8Array) => Buffer.from(bytes).toString(),
}

const compressors: Compressors = {
  SNAPPY(input, length) {
    if (snappyLength(input) !== bounded(length)) throw new RangeError('a page has another length than its header says')
    return snappy.uncompressSync(asBuffer(input)) as Buffer
  },
  GZIP: (input, length) => gunzipSync(input, { maxOutputLength: bounded(length) }),
  ZSTD: (input, length) => zstdDecompressSync(input, { maxOutputLength: bounded(length) }),
  LZ4_RAW(input, length) {
    const block = Buffer.allocUnsafe(lz4LengthBytes + input.length)
    block.writeUInt32LE(bounded(length))
    block.set(input, lz4LengthBytes)
    return lz4.uncompressSync(block)
  },
}

function bounded(length: number): number {
  if (length <= pageBytesMax) return length
  throw new RangeError(`a page of ${length} bytes is larger than ${pageBytesMax}`)
}

/** A block begins with the length of what it holds, seven bits a byte: nothing is allocated for another one. */
function snappyLength(block: Uint8Array): number {
  let length = 0
  for (let at = 0; at < 5; at++) {
    const byte = block[at] ?? 0
    length += (byte & 0x7f) * 2 ** (7 * at)
    if (byte < 0x80) return length
  }
  return Number.NaN
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function bufferOf(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer
}
