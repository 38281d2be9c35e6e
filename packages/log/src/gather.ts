import type { Slice } from '@chronicle/wal'
import { type ChunkPool, chunkBytes } from './chunk-pool.ts'

/**
 * From this size on a batch is handed out as a view of the log's own memory; smaller ones are copied side by side, which
 * costs less than a piece for each in every layer above.
 */
export const viewBytesMin = 4 * 1024

/** Collects batches for one answer: views that keep their slice, copies in pooled chunks. */
export class Gather {
  readonly #pool: ChunkPool
  readonly #chunks: Buffer[] = []
  readonly #slices: Slice[] = []
  /** The last chunk, its bytes in use, and those of them that are not in a piece yet. */
  #chunk: Buffer | undefined
  #used = 0
  #flushed = 0
  readonly pieces: Uint8Array[] = []
  bytes = 0

  constructor(pool: ChunkPool) {
    this.#pool = pool
  }

  /** Adds `slice.bytes[start, start + length)`. Returns true when the slice has to stay: it goes to {@link hold} then. */
  add(slice: Pick<Slice, 'bytes'>, start: number, length: number): boolean {
    this.bytes += length
    if (length >= viewBytesMin) {
      this.#flush()
      this.pieces.push(slice.bytes.subarray(start, start + length))
      return true
    }
    if (!this.#chunk || this.#used + length > chunkBytes) this.#nextChunk()
    slice.bytes.copy(this.#chunk!, this.#used, start, start + length)
    this.#used += length
    return false
  }

  /** Keeps `slice` until everything is released. */
  hold(slice: Slice): void {
    this.#slices.push(slice)
  }

  /** To be called once, before `pieces` are used. */
  finish(): void {
    this.#flush()
  }

  release(): void {
    for (const slice of this.#slices) slice.release()
    for (const chunk of this.#chunks) this.#pool.give(chunk)
    this.#slices.length = 0
    this.#chunks.length = 0
  }

  #nextChunk(): void {
    this.#flush()
    this.#chunk = this.#pool.take()
    this.#chunks.push(this.#chunk)
    this.#used = 0
    this.#flushed = 0
  }

  #flush(): void {
    if (!this.#chunk || this.#used === this.#flushed) return
    this.pieces.push(this.#chunk.subarray(this.#flushed, this.#used))
    this.#flushed = this.#used
  }
}
