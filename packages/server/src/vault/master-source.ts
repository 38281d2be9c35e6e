import {
  keychainSource,
  keychainUsable,
  keyFileSource,
  type MasterSource,
  type MasterSourceKind,
  passphraseSource,
  vaultErrors,
} from '@chronicle/vault'
import { dataPaths } from '../process/data-directory.ts'
import type { ServerSettings } from '../settings.ts'

/** What a key store needs of the settings. */
export type VaultSettings = Pick<
  ServerSettings,
  | 'dataDirectory'
  | 'passphrase'
  | 'vaultKeySource'
  | 'vaultKeyFile'
  | 'vaultKeychainService'
  | 'vaultKeyRotationMs'
  | 'vaultKdf'
  | 'vaultKdfIterations'
>

/** Asks a person for a passphrase: for the one that there is, or for a new one, where a slip would lock everything for good. */
export type AskPassphrase = (which: 'known' | 'new') => Promise<string>

/** A source of each kind: a key store names the one that opens it. `ask` is called where no variable has the passphrase. */
export function masterSources(settings: VaultSettings, ask?: AskPassphrase): MasterSource[] {
  return (['passphrase', 'keychain', 'file'] as const).map(kind => masterSource(kind, settings, ask))
}

/** Where the master key of a new vault comes from, as `vault.key-source` says. */
export async function sourceForNewVault(settings: VaultSettings, ask?: AskPassphrase): Promise<MasterSource> {
  const { vaultKeySource: wanted } = settings
  return masterSource(wanted === 'auto' ? await automaticKind(settings) : wanted, settings, ask && (() => ask('new')))
}

async function automaticKind({ passphrase, vaultKeychainService }: VaultSettings): Promise<MasterSourceKind> {
  if (passphrase !== undefined) return 'passphrase'
  return (await keychainUsable(vaultKeychainService)) ? 'keychain' : 'file'
}

export function masterSource(kind: MasterSourceKind, settings: VaultSettings, ask?: AskPassphrase): MasterSource {
  switch (kind) {
    case 'passphrase': {
      const kdf = { algorithm: settings.vaultKdf, iterations: settings.vaultKdfIterations }
      return passphraseSource({ passphrase: async () => passphraseOf(settings, ask), kdf })
    }
    case 'keychain':
      return keychainSource({ service: settings.vaultKeychainService })
    case 'file':
      return keyFileSource({ path: settings.vaultKeyFile ?? dataPaths(settings.dataDirectory).keyFile })
  }
}

function passphraseOf({ passphrase }: VaultSettings, ask: AskPassphrase | undefined): Promise<string> | string {
  if (passphrase !== undefined) return passphrase.reveal()
  if (ask !== undefined) return ask('known')
  throw vaultErrors.create('vault.no-passphrase')
}
