import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import type { Random } from '@chronicle/base'
import { vaultErrors } from '../errors.ts'
import { signingContext, type VaultRecord, vaultRecordName } from './vault-record.ts'
import { unwrapKey, wrapKey } from './wrap.ts'

/** What stands before the 32-byte seed in the PKCS #8 form of an Ed25519 private key (RFC 8410, section 7). */
const pkcs8Prefix = Buffer.from('302e020100300506032b657004220420', 'hex')

type VaultBirth = Pick<VaultRecord, 'id' | 'createdMs'>

/** The Ed25519 key whose seed these 32 bytes are (RFC 8032). */
function ed25519KeyOf(seed: KeyObject): KeyObject {
  const bytes = seed.export()
  const der = Buffer.concat([pkcs8Prefix, bytes])
  try {
    return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  } finally {
    bytes.fill(0)
    der.fill(0)
  }
}

/** The 32 bytes of a public key, in base64. */
function publicKeyOf(key: KeyObject): string {
  const { x } = createPublicKey(key).export({ format: 'jwk' })
  return Buffer.from(x!, 'base64url').toString('base64')
}

export function signingPublicKeyOf(seed: KeyObject): string {
  return publicKeyOf(ed25519KeyOf(seed))
}

export function wrapSigning(
  vault: VaultBirth,
  seed: KeyObject,
  publicKey: string,
  root: KeyObject,
  rootGeneration: number,
  random: Random,
): VaultRecord['signing'] {
  const wrapped = wrapKey(root, seed, signingContext(vault, publicKey, rootGeneration), random)
  return { publicKey, rootGeneration, wrapped: wrapped.toString('base64') }
}

/** Throws 'vault.damaged' when it does not open, or is not the private half of the public key. */
export function unwrapSigning(vault: VaultRecord, root: KeyObject | undefined): { seed: KeyObject; key: KeyObject } {
  const { publicKey, rootGeneration, wrapped } = vault.signing
  const context = signingContext(vault, publicKey, rootGeneration)
  const seed = root ? unwrapKey(root, Buffer.from(wrapped, 'base64'), context) : 'changed'
  if (typeof seed !== 'string') {
    const key = ed25519KeyOf(seed)
    if (publicKeyOf(key) === publicKey) return { seed, key }
  }
  throw vaultErrors.create('vault.damaged', { record: vaultRecordName, part: 'signing key' })
}
