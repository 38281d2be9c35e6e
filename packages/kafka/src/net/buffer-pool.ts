import { assert } from '@chronicle/base'

const KiB = 1024
const smallestClassBytes = 4 * KiB
/** Larger buffers are made for one frame and dropped after it. */
const largestClassBytes = 4096 * KiB
/** Memory that is kept for later. Above it a returned buffer is dropped. */
const keptBytesMax = 64 * 1024 * KiB

/** Buffers that are used again, by size class (powers of two): touching fresh memory costs more than copying into it. */
export class BufferPool {
  readonly #free = new Map<number, Buffer[]>()
  #keptBytes = 0

  /** A buffer of at least `bytes`, its content arbitrary. */
  take(bytes: number): Buffer {
    if (bytes > largestClassBytes) return Buffer.allocUnsafeSlow(bytes)
    const size = classOf(bytes)
    const kept = this.#free.get(size)?.pop()
    if (kept === undefined) return Buffer.allocUnsafeSlow(size)
    this.#keptBytes -= size
    return kept
  }

  /** Takes back what `take` gave. Nothing may look into it any more. */
  give(buffer: Buffer): void {
    const size = buffer.length
    if (size > largestClassBytes || this.#keptBytes + size > keptBytesMax) return
    assert(size === classOf(size), `a buffer of ${size} bytes is not from the pool`)
    const free = this.#free.get(size)
    if (free === undefined) this.#free.set(size, [buffer])
    else free.push(buffer)
    this.#keptBytes += size
  }
}

function classOf(bytes: number): number {
  return bytes <= smallestClassBytes ? smallestClassBytes : 2 ** (32 - Math.clz32(bytes - 1))
}
