/**
 * ```text
 * All numbers are big-endian and signed; offsets, positions and times take 8 bytes. Each payload begins with the stream (4 bytes).
 *
 * partition   stream 4, reserved 4, logStartOffset 8, logEndOffset 8
 * producers   stream 4, count 4, then for each: producerId 8, epoch 2, batches 2, coordinatorEpoch 4, txnFirstOffset 8, lastSeen 8,
 *             then for each batch: firstSequence 4, lastSequence 4, baseOffset 8
 * aborted     stream 4, count 4, then for each: producerId 8, firstOffset 8, lastOffset 8, lastStableOffset 8
 * blocks      stream 4, count 4, then for each: baseOffset 8, lsn 8, bytes 8, endLsn 8, maxTimestamp 8
 * ```
 */
import { int64At, putInt64 } from '../batch.ts'
import type { Block, CapturedIndex } from '../batch-index.ts'
import { batchesRemembered, type Producer, type RememberedBatch } from '../producers.ts'
import type { Aborted } from '../transactions.ts'
import { snapshotDamaged } from './format.ts'

const prefixBytes = 8
const partitionBytes = 24
const producerBytes = 32
const rememberedBytes = 16
const abortedBytes = 32
const blockBytes = 40
/** Items in one section. */
const itemsMax = 1024

export type PartitionBounds = {
  readonly stream: number
  readonly logStartOffset: number
  readonly logEndOffset: number
}

export function encodePartition({ stream, logStartOffset, logEndOffset }: PartitionBounds): Buffer {
  const bytes = Buffer.alloc(partitionBytes)
  bytes.writeUInt32BE(stream, 0)
  putInt64(bytes, 8, logStartOffset)
  putInt64(bytes, 16, logEndOffset)
  return bytes
}

export function decodePartition(bytes: Buffer): PartitionBounds {
  if (bytes.length !== partitionBytes) throw snapshotDamaged('partition', bytes.length, `${partitionBytes} bytes`)
  return { stream: bytes.readUInt32BE(0), logStartOffset: int64At(bytes, 8), logEndOffset: int64At(bytes, 16) }
}

/** Encodes at once: producers change with every batch. */
export function encodeProducers(stream: number, producers: Iterable<Producer>, count: number): Buffer[] {
  const payloads: Buffer[] = []
  let bytes = Buffer.alloc(0)
  let at = 0
  let inSection = 0
  let left = count
  for (const producer of producers) {
    if (inSection === 0) {
      bytes = Buffer.allocUnsafe(
        prefixBytes + Math.min(left, itemsMax) * (producerBytes + batchesRemembered * rememberedBytes),
      )
      bytes.writeUInt32BE(stream, 0)
      at = prefixBytes
    }
    at = putProducer(bytes, at, producer)
    inSection++
    left--
    if (inSection < itemsMax && left > 0) continue
    bytes.writeUInt32BE(inSection, 4)
    payloads.push(bytes.subarray(0, at))
    inSection = 0
  }
  return payloads
}

function putProducer(bytes: Buffer, start: number, producer: Producer): number {
  putInt64(bytes, start, producer.producerId)
  bytes.writeInt16BE(producer.epoch, start + 8)
  bytes.writeInt16BE(producer.batches.length, start + 10)
  bytes.writeInt32BE(producer.coordinatorEpoch, start + 12)
  putInt64(bytes, start + 16, producer.txnFirstOffset)
  putInt64(bytes, start + 24, producer.lastSeenMs)
  let at = start + producerBytes
  for (const { firstSequence, lastSequence, baseOffset } of producer.batches) {
    bytes.writeInt32BE(firstSequence, at)
    bytes.writeInt32BE(lastSequence, at + 4)
    putInt64(bytes, at + 8, baseOffset)
    at += rememberedBytes
  }
  return at
}

export function decodeProducers(bytes: Buffer): Producer[] {
  const producers: Producer[] = []
  let at = prefixBytes
  for (let left = bytes.readUInt32BE(4); left > 0; left--) {
    const count = at + producerBytes <= bytes.length ? bytes.readInt16BE(at + 10) : -1
    const end = at + producerBytes + count * rememberedBytes
    if (count < 0 || count > batchesRemembered || end > bytes.length)
      throw snapshotDamaged('producers', count, 'whole producers')
    const batches: RememberedBatch[] = []
    for (let from = at + producerBytes; from < end; from += rememberedBytes) {
      const [firstSequence, lastSequence] = [bytes.readInt32BE(from), bytes.readInt32BE(from + 4)]
      batches.push({ firstSequence, lastSequence, baseOffset: int64At(bytes, from + 8) })
    }
    producers.push({
      producerId: int64At(bytes, at),
      epoch: bytes.readInt16BE(at + 8),
      coordinatorEpoch: bytes.readInt32BE(at + 12),
      txnFirstOffset: int64At(bytes, at + 16),
      lastSeenMs: int64At(bytes, at + 24),
      batches,
    })
    at = end
  }
  return producers
}

export function* encodeAborted(stream: number, aborted: readonly Aborted[]): Generator<Buffer> {
  for (let from = 0; from < aborted.length; from += itemsMax) {
    const items = aborted.slice(from, from + itemsMax)
    const bytes = prefixed(stream, items.length, abortedBytes)
    items.forEach((item, n) => {
      const at = prefixBytes + n * abortedBytes
      putInt64(bytes, at, item.producerId)
      putInt64(bytes, at + 8, item.firstOffset)
      putInt64(bytes, at + 16, item.lastOffset)
      putInt64(bytes, at + 24, item.lastStableOffset)
    })
    yield bytes
  }
}

export function decodeAborted(bytes: Buffer): Aborted[] {
  return items(bytes, abortedBytes, at => ({
    producerId: int64At(bytes, at),
    firstOffset: int64At(bytes, at + 8),
    lastOffset: int64At(bytes, at + 16),
    lastStableOffset: int64At(bytes, at + 24),
  }))
}

export function* encodeBlocks(stream: number, index: CapturedIndex): Generator<Buffer> {
  for (let from = 0; from < index.length; from += itemsMax) {
    const count = Math.min(itemsMax, index.length - from)
    const bytes = prefixed(stream, count, blockBytes)
    for (let n = 0; n < count; n++) putBlock(bytes, prefixBytes + n * blockBytes, index.block(from + n))
    yield bytes
  }
}

function putBlock(bytes: Buffer, at: number, block: Block): void {
  putInt64(bytes, at, block.baseOffset)
  putInt64(bytes, at + 8, block.lsn)
  putInt64(bytes, at + 16, block.bytes)
  putInt64(bytes, at + 24, block.endLsn)
  putInt64(bytes, at + 32, block.maxTimestamp)
}

export function decodeBlocks(bytes: Buffer): Block[] {
  return items(bytes, blockBytes, at => ({
    baseOffset: int64At(bytes, at),
    lsn: int64At(bytes, at + 8),
    bytes: int64At(bytes, at + 16),
    endLsn: int64At(bytes, at + 24),
    maxTimestamp: int64At(bytes, at + 32),
  }))
}

/** The stream that a section of producers, aborted transactions or blocks belongs to. */
export function streamOf(bytes: Buffer): number {
  if (bytes.length < prefixBytes) throw snapshotDamaged('section', bytes.length, `at least ${prefixBytes} bytes`)
  return bytes.readUInt32BE(0)
}

function prefixed(stream: number, count: number, itemBytes: number): Buffer {
  const bytes = Buffer.allocUnsafe(prefixBytes + count * itemBytes)
  bytes.writeUInt32BE(stream, 0)
  bytes.writeUInt32BE(count, 4)
  return bytes
}

function items<T>(bytes: Buffer, itemBytes: number, read: (at: number) => T): T[] {
  const count = bytes.readUInt32BE(4)
  if (bytes.length !== prefixBytes + count * itemBytes) throw snapshotDamaged('items', count, 'as many as there are')
  return Array.from({ length: count }, (_, n) => read(prefixBytes + n * itemBytes))
}
