import { vaultErrors } from '../errors.ts'
import { canonicalJson } from './canonical-json.ts'
import type { Hash } from './contract.ts'
import { hashBytes, isHash, sha256 } from './hash.ts'

export const saltBytes = 32

/**
 * The leaf data of a record: SHA-256(salt ‖ payload hash ‖ canonical metadata), the first two of 32 bytes each, the last as UTF-8 (VM6). The
 * salt keeps a root from confirming a guess; without salt and payload the record is gone while every other proof still holds.
 *
 * @param payloadHash SHA-256 of the payload
 * @param metadata any JSON value; throws 'vault.not-canonical' for what is none
 */
export function saltedLeaf(salt: Uint8Array, payloadHash: Hash, metadata: unknown): Hash {
  checkBytes('salt', salt)
  checkBytes('payloadHash', payloadHash)
  return sha256(Buffer.concat([salt, payloadHash, Buffer.from(canonicalJson(metadata))]))
}

function checkBytes(argument: string, value: Uint8Array): void {
  if (isHash(value)) return
  throw vaultErrors.create('vault.invalid-argument', { argument, accepted: `${hashBytes} bytes` })
}
