import { assert, type Random } from '@chronicle/base'
import { vaultErrors } from '../errors.ts'
import { type ChunkCipher, chunkBytes, sealedChunkBytes } from './chunk-cipher.ts'
import { ChunkSealer } from './chunk-streams.ts'
import { beginMessage, messageBytes, messagePlainBytesMax, saltBytes } from './cobblestone.ts'
import type { SealedPlace, SealKey } from './contract.ts'
import { encodeSealedHeader, sealedHeaderBytes } from './header.ts'

/** The size of the whole, with its clear header, that `plainBytes` bytes are sealed into. Throws 'vault.invalid-argument'. */
export function sealedBytes({ place }: SealedPlace, plainBytes: number): number {
  if (!Number.isSafeInteger(plainBytes) || plainBytes < 0 || plainBytes > messagePlainBytesMax) {
    const accepted = `a whole number from 0 to ${messagePlainBytesMax}`
    throw vaultErrors.create('vault.invalid-argument', { field: 'plainBytes', value: plainBytes, accepted })
  }
  return sealedHeaderBytes(place) + messageBytes(plainBytes)
}

/** Seals bytes that are at hand. Throws 'vault.invalid-argument'. */
export function seal(plain: Uint8Array, key: SealKey, place: SealedPlace, random: Random): Buffer {
  const { prefix, cipher } = begin(key, place, random)
  const sealed = Buffer.allocUnsafeSlow(sealedBytes(place, plain.length))
  prefix.copy(sealed)
  const fullChunks = Math.floor(plain.length / chunkBytes)
  const lastAt = fullChunks * chunkBytes
  cipher.sealAll(0, plain.subarray(0, lastAt), sealed, prefix.length)
  cipher.seal(fullChunks, plain.subarray(lastAt), sealed, prefix.length + fullChunks * sealedChunkBytes)
  return sealed
}

/**
 * Seals piece by piece: `begin` once, `push` for every piece, `end` once; what they return, one behind the other, is the sealed whole.
 * Holds less than one chunk between calls (VS5). Throws 'vault.invalid-argument' when it is made.
 */
export class Sealer {
  readonly #prefix: Buffer
  readonly #chunks: ChunkSealer
  #begun = false

  constructor(key: SealKey, place: SealedPlace, random: Random) {
    const { prefix, cipher } = begin(key, place, random)
    this.#prefix = prefix
    this.#chunks = new ChunkSealer(cipher)
  }

  /** Clear header, salt and commitment. */
  begin(): Buffer {
    assert(!this.#begun, 'a message begins once')
    this.#begun = true
    return this.#prefix
  }

  /** Takes the next piece; returns the chunks that are full with it, often none. */
  push(piece: Uint8Array): Buffer {
    assert(this.#begun, 'a message begins before its first piece')
    return this.#chunks.push(piece)
  }

  /** The last chunk. */
  end(): Buffer {
    assert(this.#begun, 'a message begins before it ends')
    return this.#chunks.end()
  }
}

/** Draws the salt (VS1); the bytes of the clear header are the context of the message (VS2). */
function begin(key: SealKey, place: SealedPlace, random: Random): { prefix: Buffer; cipher: ChunkCipher } {
  const header = encodeSealedHeader(key, place)
  const { prefix, cipher } = beginMessage(key.secret, random.bytes(saltBytes), header)
  return { prefix: Buffer.concat([header, prefix]), cipher }
}
