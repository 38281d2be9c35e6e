const capacityMin = 256

/** Bytes that are appended at the end and let go of at the front. Empty, it holds no memory. */
export class GrowingBytes {
  #bytes = new Uint8Array(0)
  #length = 0

  get length(): number {
    return this.#length
  }

  append(source: Uint8Array, at: number, length: number): void {
    if (this.#length + length > this.#bytes.length) this.#grow(this.#length + length)
    for (let byte = 0; byte < length; byte++) this.#bytes[this.#length + byte] = source[at + byte]!
    this.#length += length
  }

  /** A view, good until the next change. */
  view(start: number, end: number): Uint8Array {
    return this.#bytes.subarray(start, end)
  }

  dropFirst(length: number): void {
    this.#bytes = this.#bytes.slice(length, this.#length)
    this.#length = this.#bytes.length
  }

  #grow(needed: number): void {
    const larger = new Uint8Array(Math.max(capacityMin, needed, this.#bytes.length * 2))
    larger.set(this.view(0, this.#length))
    this.#bytes = larger
  }
}
