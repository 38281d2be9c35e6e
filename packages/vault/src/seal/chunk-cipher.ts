import { createCipheriv, createDecipheriv, type KeyObject } from 'node:crypto'
import { assert } from '@chronicle/base'
import { vaultErrors } from '../errors.ts'

export const chunkBytes = 16_384
export const tagBytes = 16
export const sealedChunkBytes = chunkBytes + tagBytes
export const keyBytes = 32
export const nonceBytes = 12
/** Chunk numbers are below this one. */
export const chunksMax = 2 ** 38

const algorithm = 'aes-256-gcm'

/**
 * Seals and opens the chunks of one message, whose format is drawn in cobblestone.ts. Node cannot give a cipher a second nonce, so every chunk makes
 * one of its own; from a KeyObject that takes a fraction of what it takes from the bytes of a key.
 */
export class ChunkCipher {
  readonly #key: KeyObject
  readonly #baseNonce: Buffer
  /** Of the chunk at hand; written anew for each. */
  readonly #nonce: Buffer

  constructor(key: KeyObject, baseNonce: Buffer) {
    assert(key.symmetricKeySize === keyBytes && baseNonce.length === nonceBytes, 'AES-256-GCM: 32 bytes and 12')
    this.#key = key
    this.#baseNonce = baseNonce
    this.#nonce = Buffer.from(baseNonce)
  }

  /** Seals chunk `number` into `target` from byte `to` on: as many bytes as `plain` has, and the tag. */
  seal(number: number, plain: Uint8Array, target: Uint8Array, to: number): void {
    const cipher = createCipheriv(algorithm, this.#key, this.nonce(number))
    moveInto(target, to, cipher.update(plain))
    cipher.final()
    target.set(cipher.getAuthTag(), to + plain.length)
  }

  /** Seals full chunks, `first` and those that follow it, into `target` from byte `to` on. */
  sealAll(first: number, plain: Uint8Array, target: Uint8Array, to: number): void {
    assert(plain.length % chunkBytes === 0, 'full chunks are multiples of 16384 bytes')
    for (let chunk = 0; chunk * chunkBytes < plain.length; chunk++) {
      const piece = plain.subarray(chunk * chunkBytes, (chunk + 1) * chunkBytes)
      this.seal(first + chunk, piece, target, to + chunk * sealedChunkBytes)
    }
  }

  /** What full chunk `number` holds. Throws 'vault.tampered' where its tag does not fit (VS3). */
  open(number: number, sealed: Uint8Array): Buffer {
    assert(sealed.length === sealedChunkBytes, 'a full chunk is 16400 bytes')
    const plain = this.#opened(number, sealed)
    if (plain) return plain
    throw vaultErrors.create('vault.tampered', { where: `chunk ${number}`, why: 'its tag does not fit' })
  }

  /** What stands behind the full chunks holds, if the message is whole (VS4). Throws 'vault.truncated', 'vault.tampered'. */
  openLast(number: number, sealed: Uint8Array): Buffer {
    assert(sealed.length < sealedChunkBytes, 'the last chunk is shorter than a full one')
    const where = `chunk ${number}, the last one`
    if (sealed.length < tagBytes) throw vaultErrors.create('vault.truncated', { where, bytes: sealed.length })
    const plain = this.#opened(number, sealed)
    if (plain) return plain
    const why = 'its tag does not fit: it was changed, or cut short'
    throw vaultErrors.create('vault.tampered', { where, why, bytes: sealed.length })
  }

  /** Opens full chunks, `first` and those that follow it, into `target` from byte `to` on. */
  openAll(first: number, sealed: Uint8Array, target: Uint8Array, to: number): void {
    assert(sealed.length % sealedChunkBytes === 0, 'full chunks are multiples of 16400 bytes')
    for (let chunk = 0; chunk * sealedChunkBytes < sealed.length; chunk++) {
      const piece = sealed.subarray(chunk * sealedChunkBytes, (chunk + 1) * sealedChunkBytes)
      moveInto(target, to + chunk * chunkBytes, this.open(first + chunk, piece))
    }
  }

  /** The nonce of chunk `number`; valid until the next call. Numbers are below 2^38, so they meet only its last five bytes (VS1). */
  nonce(number: number): Buffer {
    assert(Number.isInteger(number) && number >= 0 && number < chunksMax, 'chunk numbers are below 2^38')
    const nonce = this.#nonce
    nonce[7] = this.#baseNonce[7]! ^ Math.floor(number / 2 ** 32)
    nonce.writeUInt32BE((this.#baseNonce.readUInt32BE(8) ^ (number % 2 ** 32)) >>> 0, 8)
    return nonce
  }

  /** Decrypts, and lets go of what came out unless the tag fits (VS3). */
  #opened(number: number, sealed: Uint8Array): Buffer | undefined {
    const tagAt = sealed.length - tagBytes
    const cipher = createDecipheriv(algorithm, this.#key, this.nonce(number), { authTagLength: tagBytes })
    cipher.setAuthTag(sealed.subarray(tagAt))
    const plain = cipher.update(sealed.subarray(0, tagAt))
    try {
      cipher.final()
    } catch {
      return undefined
    }
    return plain
  }
}

/** A copy; what a cipher has just made is given back at once where its memory is its own: the collector hardly sees it, and a long message makes much of it. */
function moveInto(target: Uint8Array, to: number, bytes: Buffer): void {
  target.set(bytes, to)
  if (bytes.length > 0 && bytes.length === bytes.buffer.byteLength) (bytes.buffer as ArrayBuffer).transfer(0)
}
