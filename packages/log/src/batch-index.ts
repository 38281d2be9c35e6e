/**
 * Where the batches of one partition lie in the write-ahead log. An entry stands for a block: consecutive batches of the
 * partition. A fresh block holds batches that lie side by side, at most {@link blockBytesMax} of them, so that finding a batch in it costs one
 * short read. A block without bytes stands for batches that were lost. Thinning joins neighbouring blocks, older ones first: then a block has other partitions' entries between its own.
 *
 * Columns only grow at their end and are replaced, never rewritten, when they are thinned or trimmed; the newest entry alone
 * changes in place. A snapshot can therefore share them (L8).
 */
import type { Usage } from './usage.ts'

/** A block closes when it holds this much of the partition. */
export const blockBytesMax = 16 * 1024
/** Batches with at most this much of other partitions between them still lie side by side. */
const gapBytesMax = 4 * 1024
/** Memory of one entry: five numbers. */
export const indexEntryBytes = 40
const initialCapacity = 8
const none = new Float64Array(0)

/** One block, by value. */
export type Block = {
  readonly baseOffset: number
  /** Position of the first batch. */
  readonly lsn: number
  /** Bytes of the partition's own batches. */
  readonly bytes: number
  /** Position where the entry of the last batch ends. */
  readonly endLsn: number
  /** Largest timestamp of the batches, −1 where they have none. */
  readonly maxTimestamp: number
}

export class BatchIndex {
  #baseOffsets = none
  #lsns = none
  #bytes = none
  #endLsns = none
  #maxTimestamps = none
  /** Entries before it were trimmed. */
  #head = 0
  #tail = 0
  #totalBytes = 0
  readonly #usage: Usage

  constructor(usage: Usage) {
    this.#usage = usage
  }

  /** How many blocks there are; they are numbered from 0, oldest first. */
  get length(): number {
    return this.#tail - this.#head
  }

  /** Bytes of all batches. */
  get totalBytes(): number {
    return this.#totalBytes
  }

  baseOffset(block: number): number {
    return this.#baseOffsets[this.#head + block]!
  }

  lsn(block: number): number {
    return this.#lsns[this.#head + block]!
  }

  bytes(block: number): number {
    return this.#bytes[this.#head + block]!
  }

  endLsn(block: number): number {
    return this.#endLsns[this.#head + block]!
  }

  maxTimestamp(block: number): number {
    return this.#maxTimestamps[this.#head + block]!
  }

  /** Takes note of a batch whose entry takes [`lsn`, `endLsn`) of the log. */
  add(baseOffset: number, lsn: number, endLsn: number, bytes: number, maxTimestamp: number): void {
    this.#totalBytes += bytes
    const last = this.#tail - 1
    if (
      last >= this.#head &&
      this.#bytes[last]! > 0 &&
      this.#bytes[last]! + bytes <= blockBytesMax &&
      lsn - this.#endLsns[last]! <= gapBytesMax
    ) {
      this.#bytes[last]! += bytes
      this.#endLsns[last] = endLsn
      if (maxTimestamp > this.#maxTimestamps[last]!) this.#maxTimestamps[last] = maxTimestamp
      return
    }
    this.addBlock({ baseOffset, lsn, bytes, endLsn, maxTimestamp }, false)
  }

  /** Takes note that the batches from `baseOffset` up to the next one were lost, in [`lsn`, `endLsn`): a block without bytes. */
  addLost(baseOffset: number, lsn: number, endLsn: number): void {
    this.addBlock({ baseOffset, lsn, bytes: 0, endLsn, maxTimestamp: -1 })
  }

  /** Adds a block as a snapshot held it. */
  addBlock(block: Block, counted = true): void {
    if (this.#tail === this.#lsns.length) this.#resize(Math.max(initialCapacity, this.length * 2))
    const at = this.#tail++
    if (counted) this.#totalBytes += block.bytes
    this.#baseOffsets[at] = block.baseOffset
    this.#lsns[at] = block.lsn
    this.#bytes[at] = block.bytes
    this.#endLsns[at] = block.endLsn
    this.#maxTimestamps[at] = block.maxTimestamp
  }

  /** The block that holds `offset`, or would: the last one that begins at or before it. −1 when there is none. */
  find(offset: number): number {
    let low = this.#head
    let high = this.#tail
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#baseOffsets[middle]! <= offset) low = middle + 1
      else high = middle
    }
    return low - 1 - this.#head
  }

  /** The first block from `from` on with a timestamp of at least `timestamp`; −1 when there is none. */
  findTimestamp(timestamp: number, from: number): number {
    for (let at = this.#head + from; at < this.#tail; at++)
      if (this.#maxTimestamps[at]! >= timestamp) return at - this.#head
    return -1
  }

  /** Drops blocks that lie wholly below `offset`. */
  trim(offset: number): void {
    const keep = Math.max(0, this.find(offset))
    for (let block = 0; block < keep; block++) this.#totalBytes -= this.bytes(block)
    this.#head += keep
    if (this.#head > 64 && this.#head > this.#lsns.length / 2) this.#resize(Math.max(initialCapacity, this.length * 2))
  }

  /** Drops everything. */
  clear(): void {
    this.#head = this.#tail
    this.#totalBytes = 0
    this.#resize(0)
  }

  /** Joins neighbours among the older half of the blocks, so that a quarter of all goes. Reads there hop over more. */
  thin(): void {
    const old = this.#columns()
    const [head, tail] = [this.#head, this.#tail]
    const joined = Math.floor(this.length / 4)
    const kept = this.length - joined
    this.#allocate(kept + (kept >>> 2))
    for (let at = 0; at < joined; at++) this.#join(at, old, head + at * 2)
    this.#copy(joined, old, head + joined * 2, tail)
    this.#head = 0
    this.#tail = kept
  }

  /** What is there now, to be read later: shares all columns and copies only the newest entry, which may still change. */
  capture(): CapturedIndex {
    const columns = this.#columns()
    const [head, tail] = [this.#head, this.#tail]
    const newest = tail > head ? blockAt(columns, tail - 1) : undefined
    return { length: tail - head, block: n => (head + n === tail - 1 ? newest! : blockAt(columns, head + n)) }
  }

  #columns(): Columns {
    return {
      baseOffsets: this.#baseOffsets,
      lsns: this.#lsns,
      bytes: this.#bytes,
      endLsns: this.#endLsns,
      maxTimestamps: this.#maxTimestamps,
    }
  }

  #resize(capacity: number): void {
    const old = this.#columns()
    const [head, tail] = [this.#head, this.#tail]
    this.#allocate(capacity)
    this.#copy(0, old, head, tail)
    this.#head = 0
    this.#tail = tail - head
  }

  /** Sets the entry `at` to the entries `older` and `older` + 1 of `from` in one. */
  #join(at: number, from: Columns, older: number): void {
    this.#baseOffsets[at] = from.baseOffsets[older]!
    this.#lsns[at] = from.lsns[older]!
    this.#bytes[at] = from.bytes[older]! + from.bytes[older + 1]!
    this.#endLsns[at] = from.endLsns[older + 1]!
    this.#maxTimestamps[at] = Math.max(from.maxTimestamps[older]!, from.maxTimestamps[older + 1]!)
  }

  #copy(at: number, from: Columns, head: number, tail: number): void {
    this.#baseOffsets.set(from.baseOffsets.subarray(head, tail), at)
    this.#lsns.set(from.lsns.subarray(head, tail), at)
    this.#bytes.set(from.bytes.subarray(head, tail), at)
    this.#endLsns.set(from.endLsns.subarray(head, tail), at)
    this.#maxTimestamps.set(from.maxTimestamps.subarray(head, tail), at)
  }

  #allocate(capacity: number): void {
    this.#usage.indexBytes += (capacity - this.#lsns.length) * indexEntryBytes
    this.#baseOffsets = new Float64Array(capacity)
    this.#lsns = new Float64Array(capacity)
    this.#bytes = new Float64Array(capacity)
    this.#endLsns = new Float64Array(capacity)
    this.#maxTimestamps = new Float64Array(capacity)
  }
}

/** An index as it was at one moment. */
export type CapturedIndex = { readonly length: number; block(n: number): Block }

type Columns = {
  readonly baseOffsets: Float64Array
  readonly lsns: Float64Array
  readonly bytes: Float64Array
  readonly endLsns: Float64Array
  readonly maxTimestamps: Float64Array
}

function blockAt(columns: Columns, at: number): Block {
  return {
    baseOffset: columns.baseOffsets[at]!,
    lsn: columns.lsns[at]!,
    bytes: columns.bytes[at]!,
    endLsn: columns.endLsns[at]!,
    maxTimestamp: columns.maxTimestamps[at]!,
  }
}
