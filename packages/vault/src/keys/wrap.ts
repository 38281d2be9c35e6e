/**
 * One key wrapped by another. Every wrapping derives a key of its own from a fresh random salt, so a nonce never serves twice under a key, however
 * often a root key wraps (VK2). The commitment tells a wrong wrapping key from changed bytes, and excludes bytes that open under two keys.
 *
 * ```text
 * wrapped key, 112 bytes
 * OFFSET SIZE  FIELD
 *      0   32  salt, random
 *     32   32  commitment    ┐ HKDF-SHA-256 (RFC 5869) of the wrapping key: salt as above, info "chronicle key wrap v1",
 *      –   32  key           │ 76 bytes: key ‖ nonce ‖ commitment
 *      –   12  nonce         ┘
 *     64   32  the key, encrypted with AES-256-GCM; additional data: what the key is and where it belongs
 *     96   16  tag
 * ```
 */
import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  timingSafeEqual,
} from 'node:crypto'
import { assert, type Random } from '@chronicle/base'

export const keyBytes = 32
const saltBytes = 32
const nonceBytes = 12
const commitmentBytes = 32
const tagBytes = 16
const commitmentAt = saltBytes
const ciphertextAt = commitmentAt + commitmentBytes
const tagAt = ciphertextAt + keyBytes
export const wrappedBytes = tagAt + tagBytes
assert(wrappedBytes === 112, 'a wrapped key has 112 bytes')

const label = 'chronicle key wrap v1'

/** Wraps `secret` (32 bytes) under `wrapping`. `context` is authenticated: the bytes do not open as anything else. Plain bytes are wiped (VK1). */
export function wrapKey(wrapping: KeyObject, secret: KeyObject, context: string, random: Random): Buffer {
  const wrapped = Buffer.alloc(wrappedBytes)
  wrapped.set(random.bytes(saltBytes), 0)
  const plain = secret.export()
  assert(plain.length === keyBytes, 'keys have 32 bytes')
  const derived = derive(wrapping, wrapped.subarray(0, saltBytes))
  const cipher = createCipheriv('aes-256-gcm', derived.key, derived.nonce).setAAD(Buffer.from(context))
  derived.commitment.copy(wrapped, commitmentAt)
  cipher.update(plain).copy(wrapped, ciphertextAt)
  cipher.final()
  cipher.getAuthTag().copy(wrapped, tagAt)
  plain.fill(0)
  derived.all.fill(0)
  return wrapped
}

/** 'wrong key': it was wrapped by another one. 'changed': the bytes or the context are not those that were wrapped. */
export function unwrapKey(
  wrapping: KeyObject,
  wrapped: Uint8Array,
  context: string,
): KeyObject | 'wrong key' | 'changed' {
  if (wrapped.length !== wrappedBytes) return 'changed'
  const bytes = Buffer.from(wrapped.buffer, wrapped.byteOffset, wrapped.length)
  const derived = derive(wrapping, bytes.subarray(0, saltBytes))
  try {
    if (!timingSafeEqual(derived.commitment, bytes.subarray(commitmentAt, ciphertextAt))) return 'wrong key'
    const decipher = createDecipheriv('aes-256-gcm', derived.key, derived.nonce, { authTagLength: tagBytes })
    decipher.setAAD(Buffer.from(context)).setAuthTag(bytes.subarray(tagAt))
    const plain = decipher.update(bytes.subarray(ciphertextAt, tagAt))
    try {
      decipher.final()
      return createSecretKey(plain)
    } catch {
      return 'changed'
    } finally {
      plain.fill(0)
    }
  } finally {
    derived.all.fill(0)
  }
}

/** A fresh 256-bit key. */
export function freshKey(random: Random): KeyObject {
  const bytes = random.bytes(keyBytes)
  const key = createSecretKey(bytes)
  bytes.fill(0)
  return key
}

function derive(
  wrapping: KeyObject,
  salt: Uint8Array,
): { all: Buffer; key: Buffer; nonce: Buffer; commitment: Buffer } {
  const all = Buffer.from(hkdfSync('sha256', wrapping, salt, label, keyBytes + nonceBytes + commitmentBytes))
  return {
    all,
    key: all.subarray(0, keyBytes),
    nonce: all.subarray(keyBytes, keyBytes + nonceBytes),
    commitment: all.subarray(keyBytes + nonceBytes),
  }
}
