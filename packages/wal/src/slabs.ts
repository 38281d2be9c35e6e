/**
 * Memory that reads from files land in. Several reads share a slab, one after the other, so that short ones do not hold
 * a long buffer each; a slab is used again when nothing points into it any more (W8).
 */
import { assert } from '@chronicle/base'

const readsPerSlab = 4

export class Slab {
  readonly bytes: Buffer
  /** Bytes that were given out since nothing pointed into it. */
  used = 0
  holders = 0

  constructor(bytes: number) {
    this.bytes = Buffer.allocUnsafeSlow(bytes)
  }
}

/** A stretch of a slab for one read. It stays as it is until it is given back, exactly once. */
export type Space = { readonly slab: Slab; readonly start: number; readonly end: number }

export class Slabs {
  readonly #slabBytes: number
  readonly #keptMax: number
  readonly #kept: Slab[] = []
  /** Where the next read lands. */
  #current: Slab | undefined

  /** Keeps as many slabs as hold `readsPooledMax` reads of `readBytesMax`. */
  constructor(readBytesMax: number, readsPooledMax: number) {
    this.#slabBytes = readBytesMax * readsPerSlab
    this.#keptMax = Math.ceil(readsPooledMax / readsPerSlab)
  }

  take(bytes: number): Space {
    const slab = this.#slabFor(bytes)
    const start = slab.used
    slab.used += bytes
    slab.holders++
    return { slab, start, end: start + bytes }
  }

  /** Says that of `space` only what lies below `end` is used. */
  shorten({ slab, end: given }: Space, end: number): void {
    if (slab.used === given) slab.used = end
  }

  give({ slab }: Space): void {
    assert(slab.holders > 0, 'what is given back was taken')
    slab.holders--
    if (slab.holders > 0) return
    slab.used = 0
    const regular = slab.bytes.length === this.#slabBytes
    if (slab !== this.#current && regular && this.#kept.length < this.#keptMax) this.#kept.push(slab)
  }

  #slabFor(bytes: number): Slab {
    if (bytes > this.#slabBytes) return new Slab(bytes)
    const current = this.#current
    if (current && current.bytes.length - current.used >= bytes) return current
    // A full slab that is still pointed into comes back with the last that does.
    this.#current = this.#kept.pop() ?? new Slab(this.#slabBytes)
    return this.#current
  }
}
