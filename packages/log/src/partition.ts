import { crc32c, crc32cCombine, crc32cRange } from '@chronicle/base'
import { entryBytes } from '@chronicle/wal'
import {
  batchBaseOffset,
  batchBaseSequence,
  batchBytes,
  batchCrc,
  batchCrcStart,
  batchEndOffset,
  batchHeaderBytes,
  batchIsControl,
  batchIsTransactional,
  batchMaxTimestamp,
  batchProducerEpoch,
  batchProducerId,
  batchRecordCount,
  patchBatch,
  putBatchCrc,
  putBatchMaxTimestamp,
} from './batch.ts'
import { BatchIndex } from './batch-index.ts'
import { checkBatch } from './check-batch.ts'
import type { LogContext } from './context.ts'
import type { Appended, Isolation, Partition, Records, TimestampedOffset } from './contract.ts'
import { decodeMarker, encodeMarker, type Marker } from './control-batch.ts'
import { batchEntry } from './entry-kinds.ts'
import { logErrors } from './errors.ts'
import { lastSequenceOf, Producers } from './producers.ts'
import type { Found, Source } from './source.ts'
import { findMaxTimestamp, findTimestamp } from './timestamps.ts'
import type { TopicSettings } from './topic-configs.ts'
import { Transactions } from './transactions.ts'
import { onlyEpoch, WalSource } from './wal-source.ts'
import type { Watermarked } from './watermarks.ts'

/** Below this many bytes a second CRC of the whole batch costs less than combining two. */
const combineBytesMin = 2 * 1024
const resolved = Promise.resolve()
const nothing: Records = { pieces: [], bytes: 0, abortedTransactions: [], release: () => undefined }

/** One partition in the write-ahead log. See {@link Partition} for what the outside sees. */
export class PartitionLog implements Partition, Watermarked {
  readonly topic: string
  readonly topicId: string
  readonly index: number
  readonly stream: number
  readonly leaderEpoch = onlyEpoch
  readonly producers: Producers
  readonly transactions = new Transactions()
  readonly batches: BatchIndex
  settings: TopicSettings
  logStartOffset = 0
  highWatermark = 0
  logEndOffset = 0
  /** Position of the last batch that was taken; −1 before the first since the start. */
  lastLsn = -1
  readonly #context: LogContext
  readonly #source: Source
  readonly #listeners = new Set<() => void>()
  #isDeleted = false

  constructor(
    context: LogContext,
    topic: { name: string; id: string },
    index: number,
    stream: number,
    settings: TopicSettings,
  ) {
    this.#context = context
    this.topic = topic.name
    this.topicId = topic.id
    this.index = index
    this.stream = stream
    this.settings = settings
    this.producers = new Producers(context.usage)
    this.batches = new BatchIndex(context.usage)
    this.#source = new WalSource(context.wal, stream, this.batches, context.chunks)
  }

  get lastStableOffset(): number {
    return this.transactions.lastStableOffset(this.highWatermark)
  }

  append(batch: Buffer): Appended {
    this.#checkOpen()
    const now = this.#context.clock.now()
    const maxTimestamp = checkBatch(batch, this.settings, now, this.#context.settings.decompressedBytesMax)
    const producerId = batchProducerId(batch, 0)
    if (producerId >= 0) {
      const first = batchBaseSequence(batch, 0)
      const last = lastSequenceOf(first, batchRecordCount(batch, 0))
      const isTransactional = batchIsTransactional(batch, 0)
      const repeated = this.producers.check(producerId, batchProducerEpoch(batch, 0), first, last, isTransactional)
      if (repeated >= 0) return this.#repeated(repeated, batchRecordCount(batch, 0))
    }
    if (maxTimestamp !== batchMaxTimestamp(batch, 0)) {
      // Some clients send the last timestamp as the largest. Kafka corrects the header too, or searches by time would miss records.
      putBatchMaxTimestamp(batch, maxTimestamp)
      putBatchCrc(batch, crc32c(batch.subarray(batchCrcStart)))
    }
    return this.#write(batch, now)
  }

  /**
   * Writes the marker that ends a producer's transaction in this partition; for the transaction coordinator.
   * Throws 'log.invalid-producer-epoch' or 'log.coordinator-fenced'.
   */
  appendControl(marker: Marker): Appended {
    this.#checkOpen()
    this.producers.checkMarker(marker.producerId, marker.producerEpoch, marker.coordinatorEpoch)
    return this.#write(encodeMarker(marker), this.#context.clock.now())
  }

  read(offset: number, bytesMax: number, isolation: Isolation, atLeastOne: boolean): Records | Promise<Records> {
    if (this.#isDeleted) throw this.#unknown()
    if (!(offset >= this.logStartOffset && offset <= this.logEndOffset)) throw this.#outOfRange(offset)
    // L3: nothing at or above the high watermark leaves the log, nothing undecided leaves it for 'read_committed'.
    const limit = isolation === 'read_committed' ? this.lastStableOffset : this.highWatermark
    if (offset >= limit) return nothing
    const found = this.#source.read({ offset, limit, bytesMax, atLeastOne })
    if (found instanceof Promise) return found.then(later => this.#records(later, offset, isolation))
    return this.#records(found, offset, isolation)
  }

  offsetForTimestamp(timestamp: number): Promise<TimestampedOffset | undefined> {
    return findTimestamp(this, this.batches, timestamp, this.#context.settings.decompressedBytesMax)
  }

  offsetForMaxTimestamp(): Promise<TimestampedOffset | undefined> {
    return findMaxTimestamp(this, this.batches, this.#context.settings.decompressedBytesMax)
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  endOfEpoch(leaderEpoch: number): { leaderEpoch: number; endOffset: number } {
    if (leaderEpoch < onlyEpoch || leaderEpoch > onlyEpoch) return { leaderEpoch: -1, endOffset: -1 }
    // Not the log end offset: after a crash that may be lower, and clients take a shrinking log for a lost one.
    return { leaderEpoch: onlyEpoch, endOffset: this.highWatermark }
  }

  /** The write-ahead log holds a batch of this partition: takes it as appended and durable. */
  replay(batch: Buffer, lsn: number, now: number): void {
    if (batch.length < batchHeaderBytes || batchBytes(batch, 0) !== batch.length) throw this.#misplaced(batch, lsn)
    if (batchBaseOffset(batch, 0) !== this.logEndOffset) throw this.#misplaced(batch, lsn)
    this.#took(batch, lsn, now)
    this.advance(this.logEndOffset)
  }

  /** The batches up to `offset` were lost; the first entry behind the loss at `lostLsn` is a batch at `lsn`. */
  skipLost(offset: number, lostLsn: number, lsn: number): void {
    this.batches.addLost(this.logEndOffset, lostLsn, lsn)
    this.logEndOffset = offset
  }

  /** All of a snapshot has been put back: derives the rest. */
  restored(): void {
    const open = [...this.producers.values()].filter(producer => producer.txnFirstOffset !== -1)
    open.sort((a, b) => a.txnFirstOffset - b.txnFirstOffset)
    for (const { producerId, txnFirstOffset } of open) this.transactions.begin(producerId, txnFirstOffset)
    if (this.logStartOffset >= this.logEndOffset) this.batches.clear()
    else this.batches.trim(this.logStartOffset)
    this.transactions.trim(this.logStartOffset)
  }

  /** Moves the high watermark: everything below `endOffset` is durable. */
  advance(endOffset: number): void {
    this.highWatermark = endOffset
    this.transactions.advance(endOffset)
  }

  announce(): void {
    for (const listener of this.#listeners) {
      try {
        listener()
      } catch (error) {
        this.#context.logger.error(
          { error, topic: this.topic, partition: this.index },
          'a listener of a partition failed',
        )
      }
    }
  }

  /** Moves the log start offset up; never down. */
  startAt(offset: number): void {
    if (offset <= this.logStartOffset) return
    this.logStartOffset = offset
    if (offset > this.logEndOffset) {
      // What was below it is lost (L13), but these offsets had been given and are not given again.
      this.logEndOffset = offset
      this.advance(offset)
    }
    if (offset >= this.logEndOffset) this.batches.clear()
    else this.batches.trim(offset)
    this.transactions.trim(offset)
  }

  /** Position of the oldest batch that may still be read; infinity when there is none. */
  get oldestLsn(): number {
    return this.batches.length === 0 ? Number.POSITIVE_INFINITY : this.batches.lsn(0)
  }

  /** The topic is gone: appends and reads are refused from now on. */
  delete(): void {
    this.#isDeleted = true
    this.producers.clear()
    this.batches.clear()
    this.announce()
    this.#listeners.clear()
  }

  #checkOpen(): void {
    if (this.#isDeleted) throw this.#unknown()
    this.#context.checkWritable()
  }

  #write(batch: Buffer, now: number): Appended {
    const baseOffset = this.logEndOffset
    patchBatch(batch, 0, baseOffset, onlyEpoch)
    const lsn = this.#context.append(this.stream, batchEntry, batch, payloadCrc(batch))
    this.#took(batch, lsn, now)
    this.#context.watermarks.push(this, this.logEndOffset, lsn)
    return { baseOffset, logStartOffset: this.logStartOffset, duplicate: false, durable: this.#context.durable() }
  }

  /** The one place where a batch changes what is known of the partition: live and on replay alike (L5). */
  #took(batch: Buffer, lsn: number, now: number): void {
    const baseOffset = this.logEndOffset
    this.logEndOffset = batchEndOffset(batch, 0)
    this.lastLsn = lsn
    const producerId = batchProducerId(batch, 0)
    if (producerId >= 0) {
      if (batchIsControl(batch, 0)) this.#tookMarker(batch, producerId, baseOffset, now)
      else this.#tookData(batch, producerId, baseOffset, now)
    }
    this.batches.add(baseOffset, lsn, lsn + entryBytes(batch.length), batch.length, batchMaxTimestamp(batch, 0))
    this.#context.took(batch)
  }

  #tookData(batch: Buffer, producerId: number, baseOffset: number, now: number): void {
    const first = batchBaseSequence(batch, 0)
    const last = lastSequenceOf(first, batchRecordCount(batch, 0))
    const producer = this.producers.appended(producerId, batchProducerEpoch(batch, 0), first, last, baseOffset, now)
    if (producer.txnFirstOffset !== -1 || !batchIsTransactional(batch, 0)) return
    producer.txnFirstOffset = baseOffset
    this.transactions.begin(producerId, baseOffset)
  }

  #tookMarker(batch: Buffer, producerId: number, offset: number, now: number): void {
    const marker = decodeMarker(batch, 0)
    if (!marker) return
    const producer = this.producers.marked(producerId, batchProducerEpoch(batch, 0), marker.coordinatorEpoch, now)
    producer.txnFirstOffset = -1
    this.transactions.end(producerId, offset, marker.type === 'abort')
  }

  /** L4: a repetition is answered with the first one's offset, and not before that one is durable. */
  #repeated(baseOffset: number, count: number): Appended {
    const durable = baseOffset + count <= this.highWatermark ? resolved : this.#context.durable()
    return { baseOffset, logStartOffset: this.logStartOffset, duplicate: true, durable }
  }

  #records(found: Found, offset: number, isolation: Isolation): Records {
    const { pieces, bytes, endOffset } = found
    const abortedTransactions =
      isolation === 'read_committed' && bytes > 0 ? this.transactions.abortedWithin(offset, endOffset) : []
    return { pieces, bytes, abortedTransactions, release: found.release }
  }

  #unknown(): Error {
    return logErrors.create('log.unknown-topic', { topic: this.topic, topicId: this.topicId })
  }

  #outOfRange(offset: number): Error {
    const { topic, index, logStartOffset, logEndOffset } = this
    return logErrors.create('log.offset-out-of-range', {
      topic,
      partition: index,
      offset,
      logStartOffset,
      logEndOffset,
    })
  }

  #misplaced(batch: Buffer, lsn: number): Error {
    const { topic, index, logEndOffset } = this
    const offset = batch.length < batchHeaderBytes ? undefined : batchBaseOffset(batch, 0)
    return logErrors.create('log.damaged', { topic, partition: index, lsn, offset, expected: logEndOffset })
  }
}

/** CRC-32C of the whole batch. Its own CRC covers all but the first bytes, so large batches are not read again. */
function payloadCrc(batch: Buffer): number {
  if (batch.length < combineBytesMin) return crc32c(batch)
  const prelude = crc32cRange(batch, 0, batchCrcStart)
  return crc32cCombine(prelude, batchCrc(batch, 0), batch.length - batchCrcStart)
}
