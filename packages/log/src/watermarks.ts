import { assert } from '@chronicle/base'

/** What takes part: something that is told how far it is durable, and then to tell others. */
export type Watermarked = {
  /** All offsets below `endOffset` are durable. */
  advance(endOffset: number): void
  announce(): void
}

/**
 * First in, first out: which append ends at which offset, until the write-ahead log says that it is durable (L2). Its length is
 * bounded by the bytes that the write-ahead log lets wait. Rings of numbers instead of an object for each append.
 */
export class Watermarks {
  #owners: (Watermarked | undefined)[] = new Array(64)
  #endOffsets = new Float64Array(64)
  #lsns = new Float64Array(64)
  #head = 0
  #length = 0
  readonly #moved = new Set<Watermarked>()

  get length(): number {
    return this.#length
  }

  push(owner: Watermarked, endOffset: number, lsn: number): void {
    if (this.#length === this.#owners.length) this.#grow()
    const at = (this.#head + this.#length++) & (this.#owners.length - 1)
    this.#owners[at] = owner
    this.#endOffsets[at] = endOffset
    this.#lsns[at] = lsn
  }

  /** Everything below `durableLsn` is durable: moves high watermarks. Listeners hear of it with {@link announce}. */
  advance(durableLsn: number): void {
    const mask = this.#owners.length - 1
    while (this.#length > 0 && this.#lsns[this.#head]! < durableLsn) {
      const owner = this.#owners[this.#head]
      assert(owner, 'a slot in use has an owner')
      owner.advance(this.#endOffsets[this.#head]!)
      this.#moved.add(owner)
      this.#owners[this.#head] = undefined
      this.#head = (this.#head + 1) & mask
      this.#length--
    }
  }

  /** Tells the listeners of all that has moved, once each. */
  announce(): void {
    if (this.#moved.size === 0) return
    const moved = [...this.#moved]
    this.#moved.clear()
    for (const owner of moved) owner.announce()
  }

  #grow(): void {
    const capacity = this.#owners.length
    const owners: (Watermarked | undefined)[] = new Array(capacity * 2)
    const endOffsets = new Float64Array(capacity * 2)
    const lsns = new Float64Array(capacity * 2)
    for (let n = 0; n < this.#length; n++) {
      const at = (this.#head + n) & (capacity - 1)
      owners[n] = this.#owners[at]
      endOffsets[n] = this.#endOffsets[at]!
      lsns[n] = this.#lsns[at]!
    }
    this.#owners = owners
    this.#endOffsets = endOffsets
    this.#lsns = lsns
    this.#head = 0
  }
}
