/**
 * Memory that entries gather in, are written from, and are read back from while they are recent: chunks in the order of
 * their positions. An entry never straddles two chunks. A chunk is used again only when all of it is durable and no
 * slice points into it (W8).
 */
import { assert } from '@chronicle/base'
import type { Slice } from './contract.ts'
import { entryLsn, entryNext } from './entry.ts'

export class Chunk {
  readonly bytes: Buffer
  firstLsn = 0
  used = 0
  pins = 0

  constructor(size: number) {
    this.bytes = Buffer.allocUnsafeSlow(size)
  }

  get endLsn(): number {
    return this.firstLsn + this.used
  }
}

export class Tail {
  readonly #chunkBytes: number
  readonly #bytesMax: number
  #chunks: Chunk[] = []
  #free: Chunk[] = []
  #allocatedBytes = 0

  constructor(chunkBytes: number, bytesMax: number) {
    this.#chunkBytes = chunkBytes
    this.#bytesMax = bytesMax
  }

  get allocatedBytes(): number {
    return this.#allocatedBytes
  }

  /** A chunk with room for `bytes` more at its end, which is position `lsn`. */
  reserve(bytes: number, lsn: number, durableLsn: number): Chunk {
    const last = this.#chunks.at(-1)
    if (last && last.bytes.length - last.used >= bytes) return last
    const chunk = this.#take(bytes, durableLsn)
    chunk.firstLsn = lsn
    chunk.used = 0
    this.#chunks.push(chunk)
    return chunk
  }

  /** What was appended from `fromLsn` up to `toLsn`, in order, to be written. */
  pieces(fromLsn: number, toLsn: number): Uint8Array[] {
    const pieces: Uint8Array[] = []
    for (let at = this.#indexOf(fromLsn), lsn = fromLsn; lsn < toLsn; at++) {
      const chunk = this.#chunks[at]
      assert(chunk && chunk.firstLsn <= lsn, 'W8: what is not durable yet is in memory')
      const end = Math.min(chunk.endLsn, toLsn)
      pieces.push(chunk.bytes.subarray(lsn - chunk.firstLsn, end - chunk.firstLsn))
      lsn = end
    }
    return pieces
  }

  /** Whole entries from `lsn` on, below `durableLsn`; undefined when they are not in memory any more. */
  read(lsn: number, bytesMax: number, durableLsn: number): Slice | undefined {
    const chunk = this.#chunks[this.#indexOf(lsn)]
    if (!chunk || lsn >= chunk.endLsn) return undefined
    const start = lsn - chunk.firstLsn
    const end = Math.min(chunk.used, durableLsn - chunk.firstLsn)
    return new ChunkSlice(chunk, start, cut(chunk.bytes, start, end, bytesMax), lsn)
  }

  /** True when an entry begins at `lsn`, as far as memory can tell. */
  begins(lsn: number): boolean {
    const chunk = this.#chunks[this.#indexOf(lsn)]
    return chunk === undefined || lsn >= chunk.endLsn || entryLsn(chunk.bytes, lsn - chunk.firstLsn) === lsn
  }

  /** Lets go of everything: slices that are out keep their own chunks. */
  release(): void {
    this.#chunks = []
    this.#free = []
    this.#allocatedBytes = 0
  }

  #take(bytes: number, durableLsn: number): Chunk {
    const size = Math.max(bytes, this.#chunkBytes)
    const regular = size === this.#chunkBytes
    while (this.#allocatedBytes + size > this.#bytesMax) {
      if (regular && this.#free.length > 0) break
      if (!regular && this.#free.pop()) this.#allocatedBytes -= this.#chunkBytes
      else if (!this.#evict(durableLsn)) break
    }
    const free = regular ? this.#free.pop() : undefined
    if (free) return free
    this.#allocatedBytes += size
    const chunk = new Chunk(size)
    // The first touch of a page costs more than the copy that follows: paid once, where the chunk will be used again. A log
    // that is written little never fills its first chunk, and takes no more memory than it needs.
    if (regular && this.#chunks.length > 0) chunk.bytes.fill(0)
    return chunk
  }

  /** Gives up the oldest chunk, unless some of it is not durable yet. */
  #evict(durableLsn: number): boolean {
    const oldest = this.#chunks[0]
    if (!oldest) return false
    if (oldest.endLsn > durableLsn) return false
    this.#chunks.shift()
    // A slice may point into it for as long as a slow consumer takes: then it is left to the collector. W8
    if (oldest.pins === 0 && oldest.bytes.length === this.#chunkBytes) this.#free.push(oldest)
    else this.#allocatedBytes -= oldest.bytes.length
    return true
  }

  /** Index of the last chunk that begins at or below `lsn`; −1 when all begin above. */
  #indexOf(lsn: number): number {
    let low = 0
    let high = this.#chunks.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#chunks[middle]!.firstLsn <= lsn) low = middle + 1
      else high = middle
    }
    return low - 1
  }
}

/** The end of the last entry with which `[start, end)` does not pass `bytesMax`; at least one entry. */
function cut(bytes: Buffer, start: number, end: number, bytesMax: number): number {
  if (end - start <= bytesMax) return end
  let at = entryNext(bytes, start)
  for (let next = at; next <= end && next - start <= bytesMax; next = entryNext(bytes, at)) {
    at = next
    if (at >= end) break
  }
  return at
}

class ChunkSlice implements Slice {
  readonly start: number
  readonly end: number
  readonly lsn: number
  readonly bytes: Buffer
  #chunk: Chunk | undefined

  constructor(chunk: Chunk, start: number, end: number, lsn: number) {
    this.#chunk = chunk
    this.bytes = chunk.bytes
    this.start = start
    this.end = end
    this.lsn = lsn
    chunk.pins++
  }

  release(): void {
    assert(this.#chunk, 'a slice is released once')
    this.#chunk.pins--
    this.#chunk = undefined
  }
}
