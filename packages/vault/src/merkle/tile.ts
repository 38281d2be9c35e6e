import type { Hash } from './contract.ts'
import { hashBytes, pairHashes } from './hash.ts'

/** A tile in memory: its hashes and, once somebody asks for one, the roots of the perfect subtrees between them and the next tile up. */
export class Tile {
  readonly bytes: Uint8Array
  readonly width: number
  /** #rows[k] has the roots over 2^k hashes each. */
  readonly #rows: Uint8Array[]

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
    this.width = bytes.length / hashBytes
    this.#rows = [bytes]
  }

  /** The root over 2^row hashes from index × 2^row on; a copy. */
  root(row: number, index: number): Hash {
    return this.#row(row).slice(index * hashBytes, (index + 1) * hashBytes)
  }

  #row(row: number): Uint8Array {
    return (this.#rows[row] ??= pairHashes(this.#row(row - 1)))
  }
}
