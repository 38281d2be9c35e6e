import { assert } from '@chronicle/base'
import { type ChunkCipher, chunkBytes, sealedChunkBytes, tagBytes } from './chunk-cipher.ts'

const noBytes = Buffer.alloc(0)

/** Seals the chunks of a message from pieces of any size. Holds less than one chunk between calls (VS5). */
export class ChunkSealer {
  readonly #cipher: ChunkCipher
  readonly #gathering = new Gathering(chunkBytes)
  #chunks = 0
  #ended = false

  constructor(cipher: ChunkCipher) {
    this.#cipher = cipher
  }

  /** Takes the next piece; returns the chunks that are full with it, often none. */
  push(piece: Uint8Array): Buffer {
    assert(!this.#ended, 'nothing comes behind the end')
    const { head, full, tail } = this.#gathering.cut(piece)
    const chunks = (head.length + full.length) / chunkBytes
    const sealed = chunks === 0 ? noBytes : Buffer.allocUnsafeSlow(chunks * sealedChunkBytes)
    this.#cipher.sealAll(this.#chunks, head, sealed, 0)
    const headChunks = head.length / chunkBytes
    this.#cipher.sealAll(this.#chunks + headChunks, full, sealed, headChunks * sealedChunkBytes)
    this.#chunks += chunks
    this.#gathering.add(tail)
    return sealed
  }

  /** The last chunk, which is never a full one. */
  end(): Buffer {
    assert(!this.#ended, 'a message ends once')
    this.#ended = true
    const plain = this.#gathering.take()
    const sealed = Buffer.allocUnsafeSlow(plain.length + tagBytes)
    this.#cipher.seal(this.#chunks, plain, sealed, 0)
    plain.fill(0)
    return sealed
  }
}

/** Opens the chunks of a message from pieces of any size. Holds less than one sealed chunk between calls (VS5). */
export class ChunkOpener {
  readonly #cipher: ChunkCipher
  readonly #gathering = new Gathering(sealedChunkBytes)
  #chunks = 0

  constructor(cipher: ChunkCipher) {
    this.#cipher = cipher
  }

  /** Takes the next piece; returns what the chunks hold that are full with it. Throws 'vault.tampered'. */
  push(piece: Uint8Array): Buffer {
    const { head, full, tail } = this.#gathering.cut(piece)
    const chunks = (head.length + full.length) / sealedChunkBytes
    const plain = chunks === 0 ? noBytes : Buffer.allocUnsafeSlow(chunks * chunkBytes)
    this.#cipher.openAll(this.#chunks, head, plain, 0)
    const headChunks = head.length / sealedChunkBytes
    this.#cipher.openAll(this.#chunks + headChunks, full, plain, headChunks * chunkBytes)
    this.#chunks += chunks
    this.#gathering.add(tail)
    return plain
  }

  /** What the last chunk holds. Throws 'vault.truncated', 'vault.tampered'. */
  end(): Buffer {
    return this.#cipher.openLast(this.#chunks, this.#gathering.take())
  }
}

/** Cuts a stream into blocks of one size. Between calls it holds less than one. */
class Gathering {
  readonly #block: Buffer
  #gathered = 0

  constructor(blockBytes: number) {
    this.#block = Buffer.allocUnsafeSlow(blockBytes)
  }

  /**
   * Cuts the next piece: `head` is the block that it completes, or empty; `full` are whole blocks, in place; `tail` is what is to be added once
   * the head was used.
   */
  cut(piece: Uint8Array): { head: Buffer; full: Uint8Array; tail: Uint8Array } {
    const size = this.#block.length
    if (this.#gathered + piece.length < size) return { head: noBytes, full: noBytes, tail: piece }
    const from = this.#gathered === 0 ? 0 : size - this.#gathered
    this.add(piece.subarray(0, from))
    const head = this.take()
    const tailAt = piece.length - ((piece.length - from) % size)
    return { head, full: piece.subarray(from, tailAt), tail: piece.subarray(tailAt) }
  }

  add(piece: Uint8Array): void {
    this.#block.set(piece, this.#gathered)
    this.#gathered += piece.length
  }

  /** What has gathered; valid until something is added. */
  take(): Buffer {
    const gathered = this.#block.subarray(0, this.#gathered)
    this.#gathered = 0
    return gathered
  }
}
