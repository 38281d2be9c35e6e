/** Makes record batches as clients send them: magic 2, records without keys. */
import { crc32c } from '@chronicle/base'

const headerBytes = 61
const crcAt = 17
const crcStart = 21

export type BatchWishes = {
  readonly values?: readonly string[]
  readonly attributes?: number
  readonly producerId?: number
  readonly producerEpoch?: number
  readonly baseSequence?: number
  readonly timestamp?: number
  readonly key?: string
}

export function batchOf(wishes: BatchWishes = {}): Buffer {
  const { values = ['one'], attributes = 0, producerId = -1, producerEpoch = -1, baseSequence = -1 } = wishes
  const { timestamp = 1_700_000_000_000, key } = wishes
  const records = Buffer.concat(values.map((value, n) => recordOf(n, key, value)))
  const batch = Buffer.alloc(headerBytes + records.length)
  batch.writeInt32BE(batch.length - 12, 8)
  batch.writeInt32BE(-1, 12)
  batch[16] = 2
  batch.writeInt16BE(attributes, 21)
  batch.writeInt32BE(values.length - 1, 23)
  batch.writeBigInt64BE(BigInt(timestamp), 27)
  batch.writeBigInt64BE(BigInt(timestamp), 35)
  batch.writeBigInt64BE(BigInt(producerId), 43)
  batch.writeInt16BE(producerEpoch, 51)
  batch.writeInt32BE(baseSequence, 53)
  batch.writeInt32BE(values.length, 57)
  records.copy(batch, headerBytes)
  return seal(batch)
}

/** Sets the CRC to what the bytes call for. */
export function seal(batch: Buffer): Buffer {
  batch.writeUInt32BE(crc32c(batch.subarray(crcStart)), crcAt)
  return batch
}

/** A batch with some bytes changed and, unless told, the CRC right again. */
export function changed(change: (batch: Buffer) => void, sealed = true): Buffer {
  const batch = batchOf()
  change(batch)
  return sealed ? seal(batch) : batch
}

function recordOf(offsetDelta: number, key: string | undefined, value: string): Buffer {
  const body = Buffer.concat([Buffer.of(0, 0), varint(offsetDelta), field(key), field(value), varint(0)])
  return Buffer.concat([varint(body.length), body])
}

function field(text: string | undefined): Buffer {
  if (text === undefined) return varint(-1)
  const bytes = Buffer.from(text)
  return Buffer.concat([varint(bytes.length), bytes])
}

function varint(value: number): Buffer {
  let rest = ((value << 1) ^ (value >> 31)) >>> 0
  const bytes: number[] = []
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80)
  return Buffer.from([...bytes, rest])
}
