import { readVaultStatus, type VaultStatus, vaultErrors } from '@chronicle/vault'
import type { ServerSettings } from '../../settings.ts'
import { createDataVault, openVaultParts } from '../../vault/open-vault.ts'
import type { Terminal } from '../terminal.ts'
import { type NewMasterOptions, newPassphrase, withOptions } from './new-master.ts'

/** Makes the key store of a data directory. A server makes one by itself at its first start. */
export async function initVault(terminal: Terminal, given: ServerSettings, options: NewMasterOptions): Promise<void> {
  const settings = withOptions(given, options)
  const parts = await openVaultParts(settings.dataDirectory)
  try {
    // Before anybody is asked for a passphrase.
    if (await readVaultStatus(parts.storage)) {
      throw vaultErrors.create('vault.exists', { location: parts.storage.location })
    }
    const asksForOne = settings.vaultKeySource === 'passphrase'
    const passphrase = asksForOne ? await newPassphrase(terminal, 'CHRONICLE_PASSPHRASE') : settings.passphrase
    const vault = await createDataVault(parts, { settings: { ...settings, passphrase } })
    const { status } = vault
    vault.close()
    terminal.out(`Made the key store ${status.location}`)
    terminal.out(`  master key   ${sourceInWords(status)}`)
    terminal.note(keepSafe(status))
  } finally {
    await parts.close()
  }
}

/** Where a master key comes from, for people. */
export function sourceInWords({ source, sourceDetail }: VaultStatus): string {
  const kinds = { passphrase: 'passphrase', keychain: 'keychain of the operating system', file: 'key file' }
  return `${kinds[source]} (${sourceDetail})`
}

function keepSafe({ source, sourceDetail }: VaultStatus): string {
  switch (source) {
    case 'passphrase':
      return 'Keep the passphrase: without it nothing that is sealed can be opened again.'
    case 'keychain':
      return 'The master key lives in this keychain alone. To be able to move it, use `chronicle vault rewrap --source passphrase`.'
    case 'file':
      return `Copy ${sourceDetail} to a safe place, apart from the data: without it nothing that is sealed can be opened again.`
  }
}
