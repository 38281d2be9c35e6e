import type { Vault } from '@chronicle/vault'
import type { ServerSettings } from '../../settings.ts'
import type { AskPassphrase } from '../../vault/master-source.ts'
import { openDataVault, openExistingVaultParts, type VaultParts } from '../../vault/open-vault.ts'
import { askSecret } from '../ask.ts'
import type { Terminal } from '../terminal.ts'
import { askNewPassphrase } from './new-master.ts'

/** How a person is asked for the passphrase; undefined where nobody can be. */
export function passphrasePrompt(terminal: Terminal): AskPassphrase | undefined {
  if (!terminal.canAsk) return undefined
  return which => (which === 'new' ? askNewPassphrase(terminal) : askSecret(terminal, 'Passphrase of the key store'))
}

/** Runs `action` with the key store of the data directory, which stays locked. Needs no key, and no server that is stopped. */
export async function withVaultParts<T>(
  { dataDirectory }: ServerSettings,
  action: (parts: VaultParts) => Promise<T>,
): Promise<T> {
  const parts = await openExistingVaultParts(dataDirectory)
  try {
    return await action(parts)
  } finally {
    await parts.close()
  }
}

/** Runs `action` with the opened vault of the data directory. */
export async function withVault<T>(
  terminal: Terminal,
  settings: ServerSettings,
  action: (vault: Vault, parts: VaultParts) => Promise<T>,
): Promise<T> {
  return withVaultParts(settings, async parts => {
    const vault = await openDataVault(parts, { settings, ask: passphrasePrompt(terminal) })
    try {
      return await action(vault, parts)
    } finally {
      vault.close()
    }
  })
}
