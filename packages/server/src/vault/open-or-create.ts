import type { Logger } from '@chronicle/telemetry'
import { readVaultStatus, type Vault, type VaultStatus, vaultErrors } from '@chronicle/vault'
import type { VaultSettings } from './master-source.ts'
import { createDataVault, openDataVault, type VaultOptions, type VaultParts } from './open-vault.ts'

/** Where there is a key store it names the kind of its master; the first start makes one with the kind that is set. */
export async function openOrCreateVault(parts: VaultParts, options: VaultOptions, logger: Logger): Promise<Vault> {
  const found = await readVaultStatus(parts.storage)
  if (found !== undefined) {
    warnAboutOtherSource(found, options.settings, logger)
    return openDataVault(parts, options)
  }
  try {
    const vault = await createDataVault(parts, options)
    const { source, sourceDetail } = vault.status
    logger.warn({ vault: vault.id, source, sourceDetail }, adviceFor[source])
    return vault
  } catch (error) {
    // A command made one at the same moment.
    if (vaultErrors.is(error) && error.code === 'vault.exists') return openDataVault(parts, options)
    throw error
  }
}

const adviceFor = {
  passphrase: 'a new vault was made; keep its passphrase: without it nothing that is sealed can be opened',
  keychain:
    'a new vault was made, its master key is in the keychain of this user: without it nothing that is sealed can be opened',
  file: 'a new vault was made; copy its key file to a safe place: without it nothing that is sealed can be opened',
} as const satisfies Record<VaultStatus['source'], string>

function warnAboutOtherSource(
  { source }: VaultStatus,
  { vaultKeySource: wanted }: VaultSettings,
  logger: Logger,
): void {
  if (wanted === 'auto' || wanted === source) return
  logger.warn(
    { source, wanted },
    'the vault was made with another source of its master key than vault.key-source names; `chronicle vault rewrap` changes it',
  )
}
