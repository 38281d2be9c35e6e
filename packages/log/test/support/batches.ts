/** Makes record batches as clients send them. */
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { crc32c } from '@chronicle/base'
import { compressFrameSync } from 'lz4-napi'
import { compressSync as snappySync } from 'snappy'
import { batchCrcStart, batchHeaderBytes, putBatchCrc, putBatchHeader } from '../../src/batch.ts'
import { putVarint } from '../../src/varint.ts'

export type TestRecord = {
  key?: Buffer | string | null
  value?: Buffer | string | null
  timestamp?: number
  headers?: [string, Buffer | null][]
}

export type TestBatch = {
  records: TestRecord[]
  codec?: 'none' | 'gzip' | 'snappy' | 'xerial' | 'lz4' | 'zstd'
  producerId?: number
  producerEpoch?: number
  baseSequence?: number
  transactional?: boolean
  attributes?: number
  maxTimestamp?: number
}

const codecNumbers = { none: 0, gzip: 1, snappy: 2, xerial: 2, lz4: 3, zstd: 4 }

export function batchOf(given: TestBatch): Buffer {
  const { records, codec = 'none', producerId = -1, producerEpoch = -1, baseSequence = -1 } = given
  const baseTimestamp = records[0]?.timestamp ?? 1_700_000_000_000
  const times = records.map(record => record.timestamp ?? baseTimestamp)
  const plain = Buffer.concat(records.map((record, n) => recordOf(record, times[n]! - baseTimestamp, n)))
  const packed = pack(plain, codec)
  const bytes = batchHeaderBytes + packed.length
  const batch = Buffer.alloc(bytes)
  putBatchHeader(batch, {
    bytes,
    attributes: (given.attributes ?? 0) | codecNumbers[codec] | (given.transactional ? 0x10 : 0),
    baseTimestamp,
    maxTimestamp: given.maxTimestamp ?? Math.max(...times),
    producerId,
    producerEpoch,
    baseSequence,
    recordCount: records.length,
  })
  packed.copy(batch, batchHeaderBytes)
  return seal(batch)
}

/** Sets the CRC to what the bytes call for. */
export function seal(batch: Buffer): Buffer {
  putBatchCrc(batch, crc32c(batch.subarray(batchCrcStart)))
  return batch
}

/** A batch of `count` records of about `bytes` bytes each. */
export function plainBatch(
  count: number,
  bytes: number,
  more: Omit<TestBatch, 'records'> & { timestamp?: number } = {},
): Buffer {
  const value = Buffer.alloc(bytes, 'v')
  return batchOf({
    ...more,
    records: Array.from({ length: count }, () => ({ value, timestamp: more.timestamp })) as TestRecord[],
  })
}

function recordOf(record: TestRecord, timestampDelta: number, offsetDelta: number): Buffer {
  const { headers = [] } = record
  const body = [
    Buffer.from([0]),
    varint(timestampDelta),
    varint(offsetDelta),
    field(record.key ?? null),
    field(record.value ?? null),
    varint(headers.length),
    ...headers.flatMap(([key, value]) => [field(key), field(value)]),
  ]
  const joined = Buffer.concat(body)
  return Buffer.concat([varint(joined.length), joined])
}

function field(value: Buffer | string | null): Buffer {
  if (value === null) return varint(-1)
  const bytes = Buffer.from(value as string)
  return Buffer.concat([varint(bytes.length), bytes])
}

function varint(value: number): Buffer {
  const bytes = Buffer.alloc(10)
  return bytes.subarray(0, putVarint(bytes, 0, value))
}

function pack(plain: Buffer, codec: NonNullable<TestBatch['codec']>): Buffer {
  if (codec === 'gzip') return gzipSync(plain)
  if (codec === 'snappy') return snappySync(plain)
  if (codec === 'xerial') return xerial(plain)
  if (codec === 'lz4') return compressFrameSync(plain)
  if (codec === 'zstd') return zstdCompressSync(plain)
  return plain
}

/** As the Java client frames snappy: a header, then blocks with their lengths. */
function xerial(plain: Buffer): Buffer {
  const pieces: Buffer[] = [Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1])]
  const blockBytes = 64
  for (let at = 0; at < plain.length; at += blockBytes) {
    const block = snappySync(plain.subarray(at, at + blockBytes))
    const length = Buffer.alloc(4)
    length.writeInt32BE(block.length)
    pieces.push(length, block)
  }
  return Buffer.concat(pieces)
}
