import { assert } from '@chronicle/base'

/** Small batches are gathered in pieces of this size. */
export const chunkBytes = 64 * 1024
/** Chunks kept for reuse: fresh memory costs more than the copy into it. */
const chunksPooledMax = 64

/** Buffers of {@link chunkBytes} that are used again and again. */
export class ChunkPool {
  readonly #free: Buffer[] = []

  take(): Buffer {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(chunkBytes)
  }

  give(chunk: Buffer): void {
    assert(chunk.length === chunkBytes, 'only whole chunks go back to the pool')
    if (this.#free.length < chunksPooledMax) this.#free.push(chunk)
  }
}
