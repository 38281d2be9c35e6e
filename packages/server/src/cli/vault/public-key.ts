import { readVaultStatus, type VaultStatus, vaultErrors } from '@chronicle/vault'
import type { ServerSettings } from '../../settings.ts'
import { originOf, publicKeyOf, verifierKeyOf } from '../../vault/origin.ts'
import type { Terminal } from '../terminal.ts'
import { withVaultParts } from './with-vault.ts'

/** `vkey`: C2SP signed-note; `pem`: SubjectPublicKeyInfo; `json`: both, and the origin. */
export const publicKeyFormats = ['vkey', 'pem', 'json'] as const
export type PublicKeyFormat = (typeof publicKeyFormats)[number]

/** Prints the key that verifies what this installation signs. Works while the key store is locked. */
export async function exportPublicKey(
  terminal: Terminal,
  settings: ServerSettings,
  format: PublicKeyFormat,
): Promise<void> {
  await withVaultParts(settings, async ({ storage }) => {
    const status = await readVaultStatus(storage)
    if (!status) throw vaultErrors.create('vault.not-initialised', { location: storage.location })
    terminal.out(rendered(settings, status, format))
  })
}

function rendered(settings: ServerSettings, status: VaultStatus, format: PublicKeyFormat): string {
  const vkey = verifierKeyOf(settings, status)
  const pem = String(publicKeyOf(status).export({ format: 'pem', type: 'spki' })).trimEnd()
  switch (format) {
    case 'vkey':
      return vkey
    case 'pem':
      return pem
    case 'json':
      return JSON.stringify({ origin: originOf(settings, status), algorithm: 'Ed25519', vkey, pem }, null, 2)
  }
}
