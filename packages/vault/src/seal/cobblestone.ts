/**
 * C2SP chunked-encryption, instance Cobblestone-256: AEAD_AES_256_GCM and HKDF-Expand with SHA-512. https://c2sp.org/chunked-encryption
 * ```text
 * message of n bytes
 * OFFSET        SIZE  FIELD
 *      0          24  salt, random, new for every message
 *     24          32  commitment to the key, derived
 *     56  k × (16384 + 16)  k = ⌊n / 16384⌋ full chunks, each with its tag behind it
 *      …  n mod 16384 + 16  the last chunk, always shorter than a full one, perhaps empty
 * ```
 * ```text
 * key (32) ‖ base nonce (12) ‖ commitment (32) = HKDF-Expand(input key, "c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM" ‖ 0x00 ‖ salt ‖ context)
 * nonce of chunk i = base nonce XOR i as a 12-byte big-endian number
 * ```
 * A message that ends in a full chunk has lost its end: nothing else marks it (VS4). A nonce is used once under a key, because the salt makes
 * key and base nonce new for every message and the chunk number makes the nonce new for every chunk (VS1).
 */
import { createCipheriv, createDecipheriv, createHmac, createSecretKey, type KeyObject } from 'node:crypto'
import { assert } from '@chronicle/base'

export const chunkBytes = 16_384
export const tagBytes = 16
export const sealedChunkBytes = chunkBytes + tagBytes
export const saltBytes = 24
export const commitmentBytes = 32
export const messagePrefixBytes = saltBytes + commitmentBytes
assert(messagePrefixBytes === 56 && sealedChunkBytes === 16_400, 'chunk k of a message is at 56 + k × 16400')

/** Chunk numbers are below this one. */
export const chunksMax = 2 ** 38
/** 4 PiB − 1 byte: as many bytes as fit that many chunks, the last of them shorter. */
export const messagePlainBytesMax = chunksMax * chunkBytes - 1
assert(
  Number.isSafeInteger(messagePlainBytesMax + chunksMax * tagBytes + messagePrefixBytes),
  'sizes of messages are exact',
)

const inputKeyBytes = 32
const keyBytes = 32
const nonceBytes = 12
const algorithm = 'aes-256-gcm'
const infoPrefix = Buffer.from('c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0')
const noBytes = Buffer.alloc(0)

/** What is derived for one message. */
export type MessageKeys = { readonly key: KeyObject; readonly baseNonce: Buffer; readonly commitment: Buffer }

/** The size of the message that `plainBytes` bytes are sealed into. */
export function messageBytes(plainBytes: number): number {
  assert(Number.isSafeInteger(plainBytes) && plainBytes >= 0, 'a message has a whole number of bytes')
  assert(plainBytes <= messagePlainBytesMax, 'a message is at most 4 PiB − 1 byte')
  return messagePrefixBytes + plainBytes + (Math.floor(plainBytes / chunkBytes) + 1) * tagBytes
}

/** How many bytes a message of `bytes` bytes holds, or undefined where no message has that size: its end is missing. */
export function messagePlainBytes(bytes: number): number | undefined {
  const body = bytes - messagePrefixBytes
  const last = body % sealedChunkBytes
  return body < tagBytes || last < tagBytes
    ? undefined
    : Math.floor(body / sealedChunkBytes) * chunkBytes + last - tagBytes
}

export function deriveMessageKeys(inputKey: KeyObject, salt: Uint8Array, context: Uint8Array): MessageKeys {
  assert(inputKey.symmetricKeySize === inputKeyBytes, 'an input key has 32 bytes')
  assert(salt.length === saltBytes, 'a salt has 24 bytes')
  const derived = hkdfExpandSha512(
    inputKey,
    Buffer.concat([infoPrefix, salt, context]),
    keyBytes + nonceBytes + commitmentBytes,
  )
  const key = createSecretKey(derived.subarray(0, keyBytes))
  derived.fill(0, 0, keyBytes)
  const baseNonce = derived.subarray(keyBytes, keyBytes + nonceBytes)
  return { key, baseNonce, commitment: derived.subarray(keyBytes + nonceBytes) }
}

/** HKDF-Expand alone (RFC 5869, section 2.3): Node's `hkdf` extracts as well. */
export function hkdfExpandSha512(prk: KeyObject, info: Uint8Array, length: number): Buffer {
  const blocks: Buffer[] = []
  let block: Buffer = noBytes
  for (let have = 0; have < length; have += block.length) {
    block = createHmac('sha512', prk)
      .update(block)
      .update(info)
      .update(Uint8Array.of(blocks.length + 1))
      .digest()
    blocks.push(block)
  }
  return Buffer.concat(blocks).subarray(0, length)
}

/** Seals and opens single chunks of one message. */
export class ChunkCipher {
  readonly #key: KeyObject
  readonly #baseNonce: Buffer
  /** Of the chunk at hand; written anew for each. */
  readonly #nonce: Buffer

  constructor({ key, baseNonce }: MessageKeys) {
    this.#key = key
    this.#baseNonce = baseNonce
    this.#nonce = Buffer.from(baseNonce)
  }

  /** Seals chunk `number` into `target` from byte `to` on: as many bytes as `plain` has, and the tag. */
  seal(number: number, plain: Uint8Array, target: Uint8Array, to: number): void {
    const cipher = createCipheriv(algorithm, this.#key, this.nonce(number))
    target.set(cipher.update(plain), to)
    cipher.final()
    target.set(cipher.getAuthTag(), to + plain.length)
  }

  /** The bytes of chunk `number`, or undefined where the tag says that it is another one (VS3). */
  open(number: number, sealed: Uint8Array): Buffer | undefined {
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

  /** The nonce of chunk `number`; valid until the next call. The number, below 2^38, meets the last five bytes. */
  nonce(number: number): Buffer {
    assert(Number.isInteger(number) && number >= 0 && number < chunksMax, 'chunk numbers are below 2^38')
    const nonce = this.#nonce
    nonce[7] = this.#baseNonce[7]! ^ Math.floor(number / 2 ** 32)
    nonce.writeUInt32BE((this.#baseNonce.readUInt32BE(8) ^ (number % 2 ** 32)) >>> 0, 8)
    return nonce
  }
}
