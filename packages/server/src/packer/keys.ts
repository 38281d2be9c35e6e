import type { Clock, Lifecycle, Random } from '@chronicle/base'
import type { ArchiveKeys, PackerSettings } from '@chronicle/packer'
import type { Logger } from '@chronicle/telemetry'
import { sealKeyOf } from '@chronicle/vault'
import type { AskPassphrase, VaultSettings } from '../vault/master-source.ts'
import { openOrCreateVault } from '../vault/open-or-create.ts'
import { openVaultParts } from '../vault/open-vault.ts'
import { archivePurpose, KeyProbe } from './key-probe.ts'
import type { PackerPlaces } from './places.ts'

const dayMs = 86_400_000

export type KeysOptions = {
  readonly settings: PackerSettings
  readonly places: PackerPlaces
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly ask?: AskPassphrase | undefined
}

export type OpenedKeys = {
  readonly keys: ArchiveKeys
  /** Where their master comes from, for people. */
  readonly inWords: string
  readonly probe: KeyProbe
}

/** The archive's keys: one for each day, and one for the manifest. */
export async function openArchiveKeys(
  { settings, places, clock, random, logger, ask }: KeysOptions,
  lifecycle: Lifecycle,
): Promise<OpenedKeys> {
  const effects = { clock, random }
  const parts = await openVaultParts(places.keys, effects)
  lifecycle.add('key store', { stop: () => parts.close() })
  const options = { settings: vaultSettingsOf(settings, places), effects, ask }
  const vault = await openOrCreateVault(parts, options, logger)
  lifecycle.add('vault', { stop: () => vault.close() })
  const { source, sourceDetail } = vault.status
  return {
    keys: {
      keyFor: async day => sealKeyOf(await vault.keyFor(archivePurpose(day))),
      key: async id => sealKeyOf(await vault.key(id)),
      audit: parts.audit,
    },
    inWords: `${source}: ${sourceDetail}`,
    probe: new KeyProbe(vault, parts, options, clock),
  }
}

/** What the key store of an archive is made and opened with. */
export function vaultSettingsOf(settings: PackerSettings, { keys, keyFile }: PackerPlaces): VaultSettings {
  return {
    dataDirectory: keys,
    passphrase: settings.passphrase,
    vaultKeySource: settings.keySource,
    vaultKeyFile: keyFile,
    vaultKeychainService: settings.keychainService,
    vaultKeyRotationMs: settings.keyRotationDays * dayMs,
    vaultKdf: settings.kdf === 'Argon2id' ? 'argon2id' : 'pbkdf2-sha256',
    vaultKdfIterations: settings.kdfIterations,
  }
}
