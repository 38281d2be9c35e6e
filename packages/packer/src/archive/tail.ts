import { letGo } from '../memory.ts'

/** Of a plain file's end that is kept while reading: no footer of a Parquet file of the greatest size comes near. */
const tailBytesMax = 16 * 1024 * 1024

/** The last bytes of what goes by: `bytesMin` of them or all, and those of one piece more. */
export class Tail {
  readonly #bytesMin: number
  #pieces: Uint8Array[] = []
  #length = 0

  constructor(bytesMin = tailBytesMax) {
    this.#bytesMin = bytesMin
  }

  push(piece: Uint8Array): void {
    this.#pieces.push(Uint8Array.prototype.slice.call(piece))
    this.#length += piece.length
    while (this.#pieces.length > 1 && this.#length - this.#pieces[0]!.length >= this.#bytesMin) {
      const gone = this.#pieces.shift()!
      this.#length -= gone.length
      letGo(gone)
    }
  }

  bytes(): Buffer {
    return Buffer.concat(this.#pieces)
  }
}
