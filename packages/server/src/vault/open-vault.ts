import { existsSync } from 'node:fs'
import { type Clock, type Random, systemClock, systemRandom } from '@chronicle/base'
import { type ObjectStore, openLocalStore } from '@chronicle/objects'
import {
  type AuditLog,
  createVault,
  fileAuditLog,
  type KeyStorage,
  openVault,
  type Vault,
  vaultErrors,
} from '@chronicle/vault'
import { dataPaths, prepareDataDirectory } from '../process/data-directory.ts'
import { keyStorageIn } from './key-storage.ts'
import { type AskPassphrase, masterSources, sourceForNewVault, type VaultSettings } from './master-source.ts'

/** The object store and the audit log of a data directory, with the key store in them still locked. Several processes may have them open. */
export type VaultParts = {
  readonly store: ObjectStore
  readonly storage: KeyStorage
  readonly audit: AuditLog
  close(): Promise<void>
}

export type VaultEffects = { readonly clock: Clock; readonly random: Random }

const systemEffects: VaultEffects = { clock: systemClock, random: systemRandom }

/** Opens the parts; makes the directory and its store where they are missing. */
export async function openVaultParts(directory: string, effects: VaultEffects = systemEffects): Promise<VaultParts> {
  prepareDataDirectory(directory)
  const { objects, audit: auditPath } = dataPaths(directory)
  const store = await openLocalStore({ directory: objects, ...effects })
  const audit = fileAuditLog(auditPath, effects)
  return {
    store,
    storage: keyStorageIn(store),
    audit,
    async close() {
      await audit.close()
      await store.close()
    },
  }
}

/** The parts of a directory that has a key store. Makes nothing where there is none: rejects with 'vault.not-initialised'. */
export async function openExistingVaultParts(directory: string, effects?: VaultEffects): Promise<VaultParts> {
  const { objects } = dataPaths(directory)
  if (existsSync(objects)) return openVaultParts(directory, effects)
  throw vaultErrors.create('vault.not-initialised', { directory })
}

/** What a vault is opened or made with. Where the passphrase is needed and no variable has it, `ask` is called, if it is given. */
export type VaultOptions = {
  readonly settings: VaultSettings
  readonly effects?: VaultEffects
  readonly ask?: AskPassphrase | undefined
}

/** Opens the vault of `parts` with the kind of master that it was made with. Rejects as `openVault` of the vault's package does. */
export async function openDataVault(parts: VaultParts, options: VaultOptions): Promise<Vault> {
  const { settings, ask } = options
  return openVault({ ...commonOptions(parts, options), sources: masterSources(settings, ask) })
}

/** Makes a vault in `parts`, with the master that the settings want. Rejects with 'vault.exists'. */
export async function createDataVault(parts: VaultParts, options: VaultOptions): Promise<Vault> {
  const { settings, ask } = options
  return createVault({ ...commonOptions(parts, options), source: await sourceForNewVault(settings, ask) })
}

function commonOptions({ storage, audit }: VaultParts, { settings, effects = systemEffects }: VaultOptions) {
  return { storage, audit, ...effects, maxAgeMs: settings.vaultKeyRotationMs }
}
