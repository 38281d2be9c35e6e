import { createPublicKey, type KeyObject } from 'node:crypto'
import { formatVkey, type VaultStatus } from '@chronicle/vault'
import type { ServerSettings } from '../settings.ts'

/** The name under which an installation signs; the origin of each of its checkpoints lies below it. */
export function originOf({ sessionsOrigin }: ServerSettings, { id }: { readonly id: string }): string {
  return sessionsOrigin ?? `chronicle/${id}`
}

/** The key that verifies what an installation signs, as a C2SP signed-note verifier key. Needs no key to be opened. */
export function verifierKeyOf(settings: ServerSettings, status: VaultStatus): string {
  return formatVkey(originOf(settings, status), publicKeyOf(status))
}

export function publicKeyOf({ signingPublicKey }: VaultStatus): KeyObject {
  const x = Buffer.from(signingPublicKey, 'base64').toString('base64url')
  return createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', x } })
}
