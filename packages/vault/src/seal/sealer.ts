import { assert, type Random } from '@chronicle/base'
import { vaultErrors } from '../errors.ts'
import {
  ChunkCipher,
  chunkBytes,
  deriveMessageKeys,
  messageBytes,
  messagePlainBytesMax,
  saltBytes,
  sealedChunkBytes,
  tagBytes,
} from './cobblestone.ts'
import type { SealedPlace, SealKey } from './contract.ts'
import { encodeSealedHeader, sealedHeaderBytes } from './header.ts'

const noBytes = Buffer.alloc(0)

/** The size of the whole, with its clear header, that `plainBytes` bytes are sealed into. */
export function sealedBytes({ place }: SealedPlace, plainBytes: number): number {
  checkPlainBytes(plainBytes)
  return sealedHeaderBytes(place) + messageBytes(plainBytes)
}

/** Seals bytes that are at hand. */
export function seal(plain: Uint8Array, key: SealKey, place: SealedPlace, random: Random): Buffer {
  const { prefix, cipher } = beginMessage(key, place, random)
  const sealed = Buffer.allocUnsafeSlow(sealedBytes(place, plain.length))
  prefix.copy(sealed)
  const fullChunks = Math.floor(plain.length / chunkBytes)
  sealChunks(cipher, 0, plain.subarray(0, fullChunks * chunkBytes), sealed, prefix.length)
  const lastAt = prefix.length + fullChunks * sealedChunkBytes
  cipher.seal(fullChunks, plain.subarray(fullChunks * chunkBytes), sealed, lastAt)
  return sealed
}

/**
 * Seals a message piece by piece: `begin` once, `push` for every piece, `end` once; what they return, one behind the other, is the sealed whole. Holds less
 * than one chunk between calls.
 */
export class Sealer {
  readonly #prefix: Buffer
  readonly #cipher: ChunkCipher
  /** The chunk that is gathering, and how much of it has gathered: never all of it. */
  readonly #gathering = Buffer.allocUnsafeSlow(chunkBytes)
  #gathered = 0
  #chunks = 0
  #state: 'new' | 'begun' | 'ended' = 'new'

  constructor(key: SealKey, place: SealedPlace, random: Random) {
    const { prefix, cipher } = beginMessage(key, place, random)
    this.#prefix = prefix
    this.#cipher = cipher
  }

  /** Clear header, salt and commitment. */
  begin(): Buffer {
    assert(this.#state === 'new', 'a message begins once')
    this.#state = 'begun'
    return this.#prefix
  }

  /** Takes the next piece; returns the chunks that are full with it, often none. */
  push(piece: Uint8Array): Buffer {
    assert(this.#state === 'begun', 'pieces come between begin and end')
    const chunks = Math.floor((this.#gathered + piece.length) / chunkBytes)
    if (chunks === 0) {
      this.#gather(piece)
      return noBytes
    }
    const sealed = Buffer.allocUnsafeSlow(chunks * sealedChunkBytes)
    let from = 0
    let to = 0
    if (this.#gathered > 0) {
      from = chunkBytes - this.#gathered
      this.#gather(piece.subarray(0, from))
      to = this.#seal(this.#gathering, sealed, 0)
      this.#gathered = 0
    }
    const full = from + ((sealed.length - to) / sealedChunkBytes) * chunkBytes
    this.#seal(piece.subarray(from, full), sealed, to)
    this.#gather(piece.subarray(full))
    return sealed
  }

  /** The last chunk, which is never a full one. */
  end(): Buffer {
    assert(this.#state === 'begun', 'a message ends once, after it has begun')
    this.#state = 'ended'
    const sealed = Buffer.allocUnsafeSlow(this.#gathered + tagBytes)
    this.#cipher.seal(this.#chunks, this.#gathering.subarray(0, this.#gathered), sealed, 0)
    this.#gathering.fill(0)
    return sealed
  }

  #gather(piece: Uint8Array): void {
    this.#gathering.set(piece, this.#gathered)
    this.#gathered += piece.length
  }

  #seal(plain: Uint8Array, target: Buffer, to: number): number {
    const end = sealChunks(this.#cipher, this.#chunks, plain, target, to)
    this.#chunks += plain.length / chunkBytes
    return end
  }
}

/** Seals full chunks, the first with number `first`, into `target` from `to` on; returns where they end. */
function sealChunks(cipher: ChunkCipher, first: number, plain: Uint8Array, target: Buffer, to: number): number {
  let end = to
  for (let from = 0, number = first; from < plain.length; from += chunkBytes, number++) {
    cipher.seal(number, plain.subarray(from, from + chunkBytes), target, end)
    end += sealedChunkBytes
  }
  return end
}

/** Draws the salt (VS1) and derives the message's keys with the header as context (VS2). */
function beginMessage(key: SealKey, place: SealedPlace, random: Random): { prefix: Buffer; cipher: ChunkCipher } {
  const header = encodeSealedHeader(key, place)
  const salt = random.bytes(saltBytes)
  const keys = deriveMessageKeys(key.secret, salt, header)
  return { prefix: Buffer.concat([header, salt, keys.commitment]), cipher: new ChunkCipher(keys) }
}

function checkPlainBytes(plainBytes: number): void {
  if (Number.isSafeInteger(plainBytes) && plainBytes >= 0 && plainBytes <= messagePlainBytesMax) return
  const accepted = `a whole number from 0 to ${messagePlainBytesMax}`
  throw vaultErrors.create('vault.invalid-argument', { field: 'plainBytes', value: plainBytes, accepted })
}
