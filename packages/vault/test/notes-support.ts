import assert from 'node:assert/strict'
import { createHash, createPrivateKey, type KeyObject } from 'node:crypto'
import { vaultErrors } from '../src/errors.ts'
import { type HashReader, leafHash, nodeHash } from '../src/merkle/index.ts'

/** What stands before the seed in the PKCS #8 form of an Ed25519 private key (RFC 8410, section 7). */
const pkcs8Prefix = Buffer.from('302e020100300506032b657004220420', 'hex')

/** The Ed25519 private key of a 32-byte seed. */
export function keyOfSeed(seed: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.concat([pkcs8Prefix, seed]), format: 'der', type: 'pkcs8' })
}

/** The same key for the same name, always. */
export function keyNamed(name: string): KeyObject {
  return keyOfSeed(createHash('sha256').update(name).digest())
}

/** Any 32 bytes, the same for the same number. */
export function someHash(number: number): Uint8Array {
  return new Uint8Array(createHash('sha256').update(`${number}`).digest())
}

type VaultCode = keyof typeof vaultErrors.specs

/** For `assert.throws` and `assert.rejects`: an error of the vault with this code. */
export function refusal(code: VaultCode, problem?: RegExp) {
  return (error: unknown): boolean => {
    if (!vaultErrors.is(error)) throw error
    assert.equal(error.code, code, error.message)
    if (problem) assert.match(error.message, problem)
    return true
  }
}

/** The text with one bit of one of its bytes flipped. */
export function flipBit(bytes: Uint8Array, bit: number): Uint8Array {
  const flipped = Uint8Array.from(bytes)
  flipped[bit >> 3]! ^= 1 << (bit & 7)
  return flipped
}

/** What `read` returns, or the code of the vault's error that it throws. Any other error goes on. */
export function outcomeOf<T>(read: () => T): { readonly value: T } | { readonly code: string } {
  try {
    return { value: read() }
  } catch (error) {
    if (!vaultErrors.is(error)) throw error
    return { code: error.code }
  }
}

/** The leaf hashes 0, 1, 2 … of a tree that never ends, and the roots above them. */
export const endlessTree: HashReader = {
  async hash(level, index) {
    if (level === 0) return leafHash(someHash(index))
    return nodeHash(await endlessTree.hash(level - 1, 2 * index), await endlessTree.hash(level - 1, 2 * index + 1))
  },
}
