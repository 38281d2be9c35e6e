/** Record batches (magic 2, KIP-98) for producing: built once, sent many times. */
import { crc32c } from '@chronicle/base'

const headerBytes = 61

/** One batch of `records` keyless records with values of `valueBytes` bytes each, uncompressed. */
export function recordBatch(records: number, valueBytes: number): Buffer {
  const value = Buffer.from(Array.from({ length: valueBytes }, (_, at) => 32 + ((at * 31) % 95)))
  const pieces: Buffer[] = []
  for (let at = 0; at < records; at++) pieces.push(record(at, value))
  const body = Buffer.concat(pieces)
  const batch = Buffer.alloc(headerBytes + body.length)
  batch.writeInt32BE(batch.length - 12, 8) // length of all that follows
  batch.writeInt32BE(-1, 12) // partition leader epoch
  batch.writeInt8(2, 16) // magic
  batch.writeInt32BE(records - 1, 23) // last offset delta
  const timestamp = BigInt(Date.now())
  batch.writeBigInt64BE(timestamp, 27) // base timestamp
  batch.writeBigInt64BE(timestamp, 35) // max timestamp
  batch.writeBigInt64BE(-1n, 43) // producer id
  batch.writeInt16BE(-1, 51) // producer epoch
  batch.writeInt32BE(-1, 53) // base sequence
  batch.writeInt32BE(records, 57)
  body.copy(batch, headerBytes)
  batch.writeUInt32BE(crc32c(batch.subarray(21)), 17)
  return batch
}

function record(offsetDelta: number, value: Buffer): Buffer {
  const fields = Buffer.concat([
    Buffer.from([0]), // attributes
    zigzag(0), // timestamp delta
    zigzag(offsetDelta),
    zigzag(-1), // no key
    zigzag(value.length),
    value,
    zigzag(0), // no headers
  ])
  return Buffer.concat([zigzag(fields.length), fields])
}

function zigzag(value: number): Buffer {
  let rest = ((value << 1) ^ (value >> 31)) >>> 0
  const bytes: number[] = []
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80)
  bytes.push(rest)
  return Buffer.from(bytes)
}
