/** Of a plain file's end that is kept while reading: no footer of a Parquet file of the greatest size comes near. */
const tailBytesMax = 16 * 1024 * 1024

/** The last bytes of what goes by. */
export class Tail {
  #pieces: Uint8Array[] = []
  #length = 0

  push(piece: Uint8Array): void {
    this.#pieces.push(Uint8Array.from(piece))
    this.#length += piece.length
    while (this.#length - this.#pieces[0]!.length > tailBytesMax) this.#length -= this.#pieces.shift()!.length
  }

  bytes(): Buffer {
    return Buffer.concat(this.#pieces)
  }
}
