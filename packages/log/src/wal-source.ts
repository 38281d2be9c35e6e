import {
  entryKind,
  entryNext,
  entryPayloadLength,
  entryPayloadStart,
  entryStream,
  lostEntry,
  type Slice,
  type Wal,
  walErrors,
} from '@chronicle/wal'
import { batchBaseOffset, batchEndOffset, batchHeaderBytes } from './batch.ts'
import type { BatchIndex } from './batch-index.ts'
import type { ChunkPool } from './chunk-pool.ts'
import { batchEntry } from './entry-kinds.ts'
import { logErrors } from './errors.ts'
import { Gather } from './gather.ts'
import { lostBatch } from './lost-batch.ts'
import type { Found, ReadRequest, Source } from './source.ts'

/** One broker leads every partition from the first record on. */
export const onlyEpoch = 0
/** Blocks with at most this much of other partitions between them are read in one go. */
const hopBytesMax = 16 * 1024
/** A block that takes more of the log than this is worth remembering places in. */
const markedBlockBytesMin = 64 * 1024
/** Places remembered for each partition: as many consumers of old data go on where they stopped without a search. */
const marksMax = 8

/** Where in the log a batch begins, or is known not to have begun yet. */
type Mark = { readonly offset: number; readonly lsn: number }

/** One partition's batches in the write-ahead log, found with its index. */
export class WalSource implements Source {
  readonly #wal: () => Wal
  readonly #stream: number
  readonly #index: BatchIndex
  readonly #pool: ChunkPool
  readonly #marks: Mark[] = []

  constructor(wal: () => Wal, stream: number, index: BatchIndex, pool: ChunkPool) {
    this.#wal = wal
    this.#stream = stream
    this.#index = index
    this.#pool = pool
  }

  read(request: ReadRequest): Found | Promise<Found> {
    return new WalRead(this.#wal(), this.#stream, this.#index, this.#marks, new Gather(this.#pool), request).run()
  }
}

/**
 * One read: goes from block to block and from slice to slice until it has enough. Positions only grow, so that no batch is
 * returned twice and no read goes on for ever. Batches that were lost and given up are stepped over (L13); what lies before damage is
 * returned before the damage is told.
 */
class WalRead {
  readonly #wal: Wal
  readonly #stream: number
  readonly #index: BatchIndex
  readonly #marks: Mark[]
  readonly #gather: Gather
  readonly #request: ReadRequest
  /** The next batch of the partition has to begin at this offset, or above it where something was lost in between. */
  #expected = -1
  #lsn = -1
  #block = -1
  /** Where the last batch of the block ends. */
  #blockEndLsn = -1
  /** Something was lost between the last batch and the position. */
  #lost = false
  #endOffset: number
  #done = false
  /** Nothing is left of what lies from here to the limit. */
  #restIsLost = false

  constructor(wal: Wal, stream: number, index: BatchIndex, marks: Mark[], gather: Gather, request: ReadRequest) {
    this.#wal = wal
    this.#stream = stream
    this.#index = index
    this.#marks = marks
    this.#gather = gather
    this.#request = request
    this.#endOffset = request.offset
  }

  run(): Found | Promise<Found> {
    try {
      this.#locate(this.#request.offset)
      while (!this.#done) {
        const slice = this.#wal.read(this.#lsn, this.#stretch(), this.#stream)
        if (slice instanceof Promise) return this.#runLater(slice)
        this.#take(slice)
      }
      return this.#finish()
    } catch (error) {
      return this.#stopped(error)
    }
  }

  /** The same where the disk has to be waited for. */
  async #runLater(first: Promise<Slice>): Promise<Found> {
    try {
      let slice = await first
      for (;;) {
        // While waiting the index may have been thinned or trimmed: block numbers do not hold.
        this.#relocate(slice)
        this.#take(slice)
        if (this.#done) return this.#finish()
        slice = await this.#wal.read(this.#lsn, this.#stretch(), this.#stream)
      }
    } catch (error) {
      return this.#stopped(error)
    }
  }

  /** Damage stops a read: whoever asks from there is told, whoever comes from before gets what there is. */
  #stopped(error: unknown): Found {
    const refusal = storageError(error, this.#stream, this.#lsn)
    const isOfStorage = logErrors.is(refusal) && (refusal.code === 'log.damaged' || refusal.code === 'log.storage')
    if (this.#gather.bytes > 0 && isOfStorage) return this.#finish()
    this.#gather.release()
    throw refusal
  }

  /** Goes to where the batch that holds `offset` is searched from. */
  #locate(offset: number): void {
    this.#enter(this.#index.find(offset))
    if (this.#index.endLsn(this.#block) - this.#lsn < markedBlockBytesMin) return
    for (const mark of this.#marks) {
      if (mark.offset > offset || mark.offset <= this.#expected) continue
      this.#expected = mark.offset
      this.#lsn = mark.lsn
    }
  }

  #relocate(slice: Slice): void {
    const [expected, lsn] = [this.#expected, this.#lsn]
    const block = this.#index.find(expected)
    if (block < 0) slice.release()
    this.#enter(block)
    this.#expected = expected
    this.#lsn = lsn
  }

  /** Stands at the beginning of `block`, or of the next one where all of it was lost. */
  #enter(block: number): void {
    if (block < 0) throw trimmedAway(this.#request.offset)
    const isLost = this.#index.bytes(block) === 0 && block + 1 < this.#index.length
    this.#block = isLost ? block + 1 : block
    this.#expected = this.#index.baseOffset(this.#block)
    this.#lsn = this.#index.lsn(this.#block)
    this.#blockEndLsn = this.#index.endLsn(this.#block)
  }

  /** How much of the log is worth reading from here: to the end of the block, and on while the next ones lie close. */
  #stretch(): number {
    const bytesWanted = Math.max(1, this.#request.bytesMax - this.#gather.bytes)
    let block = this.#block
    let end = this.#index.endLsn(block)
    while (end - this.#lsn < bytesWanted && block + 1 < this.#index.length) {
      block++
      if (this.#index.lsn(block) - end > hopBytesMax) break
      end = this.#index.endLsn(block)
    }
    return Math.max(1, Math.min(end - this.#lsn, bytesWanted + hopBytesMax))
  }

  /** Takes the partition's batches out of one slice and moves on to where the next slice has to begin. */
  #take(slice: Slice): void {
    let held = false
    try {
      if (slice.lsn > this.#lsn) this.#land(slice.lsn)
      const { bytes, start, end } = slice
      const toLsn = slice.lsn - start
      // An empty slice: there is no more.
      if (end === start && !this.#done) this.#endAt(slice.lsn)
      let at = this.#lsn < toLsn + end ? start : end
      while (at < end && !this.#done) {
        if (entryStream(bytes, at) === this.#stream && entryKind(bytes, at) === batchEntry) {
          if (this.#takeBatch(slice, at)) held = true
          if (this.#done && this.#expected <= batchBaseOffset(bytes, entryPayloadStart(at))) break
        } else if (entryKind(bytes, at) === lostEntry) this.#lost = true
        at = entryNext(bytes, at)
        this.#lsn = toLsn + at
        if (!this.#done && this.#lsn >= this.#blockEndLsn) {
          this.#leave()
          // Inside of the slice it goes from entry to entry: where the next block began there may be a loss.
          if (this.#lsn >= toLsn + end) at = end
        }
      }
      if (this.#done && !this.#lost) this.#remember(toLsn + at)
    } finally {
      if (held) this.#gather.hold(slice)
      else slice.release()
    }
  }

  /** What was to be read is lost: the position is behind it, perhaps beyond the block. */
  #land(lsn: number): void {
    this.#lsn = lsn
    this.#lost = true
    while (!this.#done && this.#lsn >= this.#blockEndLsn) this.#leave()
  }

  /** The block lies behind: goes to the next one, in this slice or beyond it. Nothing of the partition lies between them. */
  #leave(): void {
    const next = this.#block + 1
    if (next === this.#index.length) {
      this.#endAt(this.#lsn)
      return
    }
    const lsn = this.#lsn
    const endOffset = this.#index.baseOffset(next)
    if (this.#expected !== endOffset && !this.#lost) throw this.#missing()
    if (endOffset >= this.#request.limit) {
      this.#done = true
      this.#restIsLost = true
      return
    }
    this.#enter(next)
    // A loss may reach into the next block.
    this.#lost = lsn > this.#lsn
    if (this.#lost) this.#lsn = lsn
  }

  /** There is nothing of the partition behind `lsn`: right only where that was lost. */
  #endAt(lsn: number): void {
    this.#lsn = lsn
    if (!this.#lost) throw this.#missing()
    this.#done = true
    this.#restIsLost = true
  }

  /** Takes or passes over the batch whose entry is at `at`. True when the slice has to be kept for it. */
  #takeBatch(slice: Slice, at: number): boolean {
    const { bytes } = slice
    const start = entryPayloadStart(at)
    const length = entryPayloadLength(bytes, at)
    const baseOffset = length < batchHeaderBytes ? -1 : batchBaseOffset(bytes, start)
    if (baseOffset !== this.#expected && !(this.#lost && baseOffset > this.#expected)) {
      const lsn = slice.lsn + at - slice.start
      throw logErrors.create('log.damaged', { stream: this.#stream, lsn, offset: baseOffset, expected: this.#expected })
    }
    this.#expected = baseOffset
    this.#lost = false
    const { offset, limit, bytesMax, atLeastOne } = this.#request
    const endOffset = batchEndOffset(bytes, start)
    const isTooMuch = this.#gather.bytes + length > bytesMax && (this.#gather.bytes > 0 || !atLeastOne)
    if (endOffset > offset && (baseOffset >= limit || isTooMuch)) {
      this.#done = true
      return false
    }
    this.#expected = endOffset
    if (endOffset <= offset) return false
    this.#endOffset = endOffset
    const held = this.#gather.add(slice, start, length)
    if (endOffset >= limit || this.#gather.bytes >= bytesMax) this.#done = true
    return held
  }

  #missing(): Error {
    return logErrors.create('log.damaged', { stream: this.#stream, lsn: this.#lsn, expected: this.#expected })
  }

  /** Notes where the reader of the next offsets can begin, if a search would be long. */
  #remember(lsn: number): void {
    if (this.#index.endLsn(this.#block) - this.#index.lsn(this.#block) < markedBlockBytesMin) return
    if (this.#marks.length === marksMax) this.#marks.shift()
    this.#marks.push({ offset: this.#expected, lsn })
  }

  #finish(): Found {
    const gather = this.#gather
    if (this.#restIsLost && gather.bytes === 0) {
      const { offset, limit } = this.#request
      const bytes = lostBatch(Math.max(offset, this.#expected), limit, onlyEpoch)
      gather.add({ bytes }, 0, bytes.length)
      this.#endOffset = limit
    }
    gather.finish()
    return { pieces: gather.pieces, bytes: gather.bytes, endOffset: this.#endOffset, release: () => gather.release() }
  }
}

/** Retention has overtaken a read. */
function trimmedAway(offset: number | undefined): Error {
  return logErrors.create('log.offset-out-of-range', { offset, reason: 'removed while it was being read' })
}

/** What the log says of an error of the write-ahead log. */
export function storageError(error: unknown, stream?: number, lsn?: number): unknown {
  if (!walErrors.is(error)) return error
  if (error.code === 'wal.trimmed') return trimmedAway(undefined)
  const facts = { ...error.details, stream, lsn }
  if (error.code === 'wal.damaged' || error.code === 'wal.file-missing')
    return logErrors.create('log.damaged', facts, error)
  return logErrors.create('log.storage', { reason: error.code, ...facts }, error)
}
