/**
 * A message of C2SP chunked-encryption, instance Cobblestone-256: AEAD_AES_256_GCM and HKDF-Expand with SHA-512 (VS6).
 * https://c2sp.org/chunked-encryption
 * ```text
 * message of n bytes; k = ⌊n / 16384⌋
 *     OFFSET             SIZE  FIELD
 *          0               24  salt: random, new for every message
 *         24               32  commitment to the key: derived
 *         56        k × 16400  full chunks, each of 16384 bytes with its tag of 16 behind it
 * 56 + k × 16400   n mod 16384 + 16  the last chunk with its tag: always shorter than a full one, perhaps empty
 *
 * key (32) ‖ base nonce (12) ‖ commitment (32) =
 *   HKDF-Expand(input key, "c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM" ‖ 0x00 ‖ salt ‖ context)
 * nonce of chunk i = base nonce XOR i, as a big-endian number of 12 bytes
 * ```
 * The salt makes key and base nonce new for every message, the number makes the nonce new for every chunk: no nonce is used twice under a key (VS1).
 * A message that ends in a full chunk has lost its end: nothing else marks it (VS4).
 */
import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto'
import { assert } from '@chronicle/base'
import { ChunkCipher, chunkBytes, chunksMax, keyBytes, nonceBytes, sealedChunkBytes, tagBytes } from './chunk-cipher.ts'

export const saltBytes = 24
const commitmentBytes = 32
/** Salt and commitment: the chunks begin behind them. */
export const messagePrefixBytes = saltBytes + commitmentBytes
assert(messagePrefixBytes === 56 && sealedChunkBytes === 16_400, 'chunk k of a message is at 56 + k × 16400')

/** 4 PiB − 1 byte: the chunks that can be numbered, the last of them shorter. */
export const messagePlainBytesMax = chunksMax * chunkBytes - 1
const messageBytesMax = messagePrefixBytes + messagePlainBytesMax + chunksMax * tagBytes
assert(messagePlainBytesMax === 2 ** 52 - 1 && Number.isSafeInteger(messageBytesMax), 'sizes of messages are exact')

const inputKeyBytes = 32
const infoPrefix = Buffer.from('c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0')

/** The size of the message that `plainBytes` bytes are sealed into. */
export function messageBytes(plainBytes: number): number {
  assert(Number.isSafeInteger(plainBytes) && plainBytes >= 0, 'a message has a whole number of bytes')
  assert(plainBytes <= messagePlainBytesMax, 'a message is at most 4 PiB − 1 byte')
  return messagePrefixBytes + plainBytes + (Math.floor(plainBytes / chunkBytes) + 1) * tagBytes
}

/** How many bytes a message of `bytes` bytes holds; undefined where no message has that size, for then its end is missing (VS4). */
export function messagePlainBytes(bytes: number): number | undefined {
  const chunks = Math.floor((bytes - messagePrefixBytes) / sealedChunkBytes)
  const last = bytes - messagePrefixBytes - chunks * sealedChunkBytes
  return chunks < 0 || chunks >= chunksMax || last < tagBytes ? undefined : chunks * chunkBytes + last - tagBytes
}

/** Begins a message: its salt and commitment, and what seals its chunks. The salt must never come again under this key. */
export function beginMessage(
  inputKey: KeyObject,
  salt: Uint8Array,
  context: Uint8Array,
): { prefix: Buffer; cipher: ChunkCipher } {
  const { cipher, commitment } = deriveMessage(inputKey, salt, context)
  return { prefix: Buffer.concat([salt, commitment]), cipher }
}

/** What opens the chunks of the message that begins with `prefix`; undefined where its commitment is to another key, salt or context (VS3). */
export function openMessage(inputKey: KeyObject, prefix: Uint8Array, context: Uint8Array): ChunkCipher | undefined {
  assert(prefix.length === messagePrefixBytes, 'salt and commitment are 56 bytes')
  const { cipher, commitment } = deriveMessage(inputKey, prefix.subarray(0, saltBytes), context)
  return timingSafeEqual(prefix.subarray(saltBytes), commitment) ? cipher : undefined
}

function deriveMessage(
  inputKey: KeyObject,
  salt: Uint8Array,
  context: Uint8Array,
): { cipher: ChunkCipher; commitment: Buffer } {
  assert(inputKey.symmetricKeySize === inputKeyBytes, 'an input key has 32 bytes')
  assert(salt.length === saltBytes, 'a salt has 24 bytes')
  const info = Buffer.concat([infoPrefix, salt, context])
  const derived = hkdfExpandSha512(inputKey, info, keyBytes + nonceBytes + commitmentBytes)
  const key = createSecretKey(derived.subarray(0, keyBytes))
  derived.fill(0, 0, keyBytes)
  const baseNonce = derived.subarray(keyBytes, keyBytes + nonceBytes)
  return { cipher: new ChunkCipher(key, baseNonce), commitment: derived.subarray(keyBytes + nonceBytes) }
}

/** HKDF-Expand alone (RFC 5869, section 2.3): Node's `hkdf` extracts as well. */
function hkdfExpandSha512(prk: KeyObject, info: Uint8Array, length: number): Buffer {
  const blocks: Buffer[] = []
  let block: Uint8Array = new Uint8Array(0)
  for (let have = 0; have < length; have += block.length) {
    const next = createHmac('sha512', prk)
      .update(block)
      .update(info)
      .update(Uint8Array.of(blocks.length + 1))
      .digest()
    blocks.push(next)
    block = next
  }
  const expanded = Buffer.concat(blocks)
  for (const secret of blocks) secret.fill(0)
  return expanded.subarray(0, length)
}
