/**
 * ```text
 * frame, big-endian
 * OFFSET SIZE  FIELD
 *      0    4  length n of what follows, signed
 *      4    n  request: header and body
 * ```
 */
import { assert } from '@chronicle/base'
import type { BufferPool } from './buffer-pool.ts'

const lengthBytes = 4
/** When at least this much of a frame is missing it is read straight into its buffer; below, one read for all that has come is cheaper. */
const directBytesMin = 64 * 1024

/** What a reader does with frames. */
export type FrameSink = {
  /**
   * Handles the frame `buffer[start, end)`, of which nothing may be kept. False: not now. The reader then holds it, and all that
   * came behind it, until `resume`.
   */
  frame(buffer: Buffer, start: number, end: number): boolean
  /** A frame of `bytes` has begun to arrive and a buffer for it will be made. False: not now. */
  begin(bytes: number): boolean
  /** The announced length is negative or above the limit: nothing that follows can be understood. */
  invalidLength(length: number): void
}

/**
 * Cuts what arrives into frames. A frame that lies whole in the landing buffer is handled in place; one that does not
 * moves to a buffer of its announced size and receives its rest there. Performs no I/O.
 */
export class FrameReader {
  readonly #landing: Buffer
  readonly #pool: BufferPool
  readonly #frameBytesMax: number
  readonly #sink: FrameSink
  /** Of the frame that is arriving; −1 while its length is not known. */
  #length = -1
  /** The bytes of a length that arrived in pieces, and how many there are. */
  #lengthSoFar = 0
  #lengthBytesSoFar = 0
  #partial: Buffer | undefined
  #filled = 0
  #held: Buffer | undefined
  #heldStart = 0
  #heldEnd = 0
  #stalled = false
  #closed = false
  #frames = 0

  constructor(landing: Buffer, pool: BufferPool, frameBytesMax: number, sink: FrameSink) {
    this.#landing = landing
    this.#pool = pool
    this.#frameBytesMax = frameBytesMax
    this.#sink = sink
  }

  /** True while a frame waits that the sink did not take: nothing more may be given. */
  get stalled(): boolean {
    return this.#stalled
  }

  /** Frames that the sink has taken. */
  get frames(): number {
    return this.#frames
  }

  /** True while a part of a frame is here and the rest has to come. */
  get midFrame(): boolean {
    return this.#length >= 0 || this.#lengthBytesSoFar > 0
  }

  /** Memory that is held: of a partial frame, and of what waits. */
  get heldBytes(): number {
    return (this.#partial?.length ?? 0) + (this.#held?.length ?? 0)
  }

  /** Where the next bytes of the socket go. */
  target(): Buffer {
    if (this.#partial === undefined || this.#length - this.#filled < directBytesMin) return this.#landing
    return this.#partial.subarray(this.#filled, this.#length)
  }

  /** `bytes` bytes have arrived in `target`, the last one that was given. */
  landed(bytes: number, target: Uint8Array): void {
    assert(!this.#stalled, 'bytes arrived while the reader was stalled')
    if (this.#closed) return
    if (target === this.#landing) {
      this.#consume(this.#landing, 0, bytes)
      return
    }
    this.#filled += bytes
    if (this.#filled === this.#length && !this.#deliverPartial()) this.#hold(this.#landing, 0, 0)
  }

  /** Takes bytes that arrived elsewhere. */
  accept(bytes: Buffer): void {
    assert(!this.#stalled, 'bytes arrived while the reader was stalled')
    if (!this.#closed) this.#consume(bytes, 0, bytes.length)
  }

  /** Offers what is held to the sink again. */
  resume(): void {
    if (!this.#stalled || this.#closed) return
    this.#stalled = false
    if (this.#partial !== undefined && this.#filled === this.#length && !this.#deliverPartial()) {
      this.#stalled = true
      return
    }
    // Nothing is held when the sink refused just behind a length: an empty frame would wait for bytes that may never come.
    if (!this.#closed) this.#consume(this.#held ?? this.#landing, this.#heldStart, this.#heldEnd)
    if (!this.#stalled && this.#held !== undefined) this.#dropHeld()
  }

  /** Gives all memory back. What arrives afterwards is ignored. */
  close(): void {
    this.#closed = true
    this.#stalled = false
    if (this.#partial !== undefined) this.#pool.give(this.#partial)
    this.#partial = undefined
    this.#dropHeld()
  }

  #consume(buffer: Buffer, start: number, end: number): void {
    let at = start
    while (!this.#closed) {
      if (this.#partial !== undefined) {
        at += this.#fill(buffer, at, end)
        if (this.#filled < this.#length) return
        if (!this.#deliverPartial()) break
      } else if (this.#length < 0) {
        at = this.#readLength(buffer, at, end)
        if (this.#length < 0) return
      } else if (end - at >= this.#length) {
        const next = at + this.#length
        if (!this.#sink.frame(buffer, at, next)) break
        at = next
        this.#length = -1
        this.#frames++
      } else if (this.#sink.begin(this.#length)) {
        this.#partial = this.#pool.take(this.#length)
        this.#filled = 0
      } else break
    }
    this.#hold(buffer, at, end)
  }

  /** Returns where the frame's body begins, or `end` when the length is not complete yet. */
  #readLength(buffer: Buffer, at: number, end: number): number {
    let length: number
    let next = at
    if (this.#lengthBytesSoFar === 0 && end - at >= lengthBytes) {
      length = buffer.readInt32BE(at)
      next = at + lengthBytes
    } else {
      while (next < end && this.#lengthBytesSoFar < lengthBytes) {
        this.#lengthSoFar = (this.#lengthSoFar << 8) | buffer[next++]!
        this.#lengthBytesSoFar++
      }
      if (this.#lengthBytesSoFar < lengthBytes) return next
      length = this.#lengthSoFar
      this.#lengthSoFar = 0
      this.#lengthBytesSoFar = 0
    }
    // N1: the length is checked before anything is allocated for it.
    if (length < 0 || length > this.#frameBytesMax) {
      this.close()
      this.#sink.invalidLength(length)
    } else this.#length = length
    return next
  }

  #fill(buffer: Buffer, at: number, end: number): number {
    const bytes = Math.min(end - at, this.#length - this.#filled)
    buffer.copy(this.#partial!, this.#filled, at, at + bytes)
    this.#filled += bytes
    return bytes
  }

  #deliverPartial(): boolean {
    const partial = this.#partial!
    if (!this.#sink.frame(partial, 0, this.#length)) return false
    this.#frames++
    // The sink may have closed the reader, which gave the buffer back already.
    if (this.#partial === undefined) return true
    this.#pool.give(partial)
    this.#partial = undefined
    this.#length = -1
    return true
  }

  /** Keeps `buffer[at, end)` until `resume`: the landing buffer belongs to the next connection. */
  #hold(buffer: Buffer, at: number, end: number): void {
    if (this.#closed) return
    this.#stalled = true
    if (buffer !== this.#held) {
      if (at === end) return
      assert(this.#held === undefined, 'bytes are held twice')
      this.#held = this.#pool.take(end - at)
      buffer.copy(this.#held, 0, at, end)
      this.#heldStart = 0
      this.#heldEnd = end - at
    } else {
      this.#heldStart = at
      this.#heldEnd = end
    }
  }

  #dropHeld(): void {
    if (this.#held !== undefined) this.#pool.give(this.#held)
    this.#held = undefined
    this.#heldStart = 0
    this.#heldEnd = 0
  }
}
