/** Gathers what is written into large pieces, and knows the place in the file. */

const pieceBytes = 256 * 1024

export class FileOutput {
  /** Bytes of the file so far. */
  position = 0
  readonly #sink: (piece: Uint8Array) => void
  #piece = Buffer.allocUnsafeSlow(pieceBytes)
  #used = 0

  /** The sink may keep its pieces: each is memory of its own. */
  constructor(sink: (piece: Uint8Array) => void) {
    this.#sink = sink
  }

  write(bytes: Uint8Array): void {
    this.position += bytes.length
    for (let at = 0; at < bytes.length; ) {
      if (this.#used === pieceBytes) this.flush()
      const part = bytes.subarray(at, at + pieceBytes - this.#used)
      this.#piece.set(part, this.#used)
      this.#used += part.length
      at += part.length
    }
  }

  flush(): void {
    if (this.#used === 0) return
    this.#sink(this.#piece.subarray(0, this.#used))
    this.#piece = Buffer.allocUnsafeSlow(pieceBytes)
    this.#used = 0
  }
}
