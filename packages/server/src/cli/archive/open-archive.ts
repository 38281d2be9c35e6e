/** An archive as the commands open it: for reading alone, beside a packer that runs, and where nothing can be written. */
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { systemClock, systemRandom } from '@chronicle/base'
import { localObjectReader } from '@chronicle/objects'
import { type ArchiveKeys, type ArchiveReader, openArchiveReader, type PackerSettings } from '@chronicle/packer'
import { fileAuditLog, openVault, sealKeyOf, type Vault, vaultErrors } from '@chronicle/vault'
import { vaultSettingsOf } from '../../packer/keys.ts'
import { type PackerPlaces, packerPlaces } from '../../packer/places.ts'
import { loadPackerSettings } from '../../packer/settings.ts'
import { dataPaths } from '../../process/data-directory.ts'
import { keyStorageToRead } from '../../vault/key-storage.ts'
import { masterSources } from '../../vault/master-source.ts'
import type { Terminal } from '../terminal.ts'
import { passphrasePrompt } from '../vault/with-vault.ts'
import { isWritable } from './writable.ts'

/** Which archive: that of a packer's configuration, or the one in a directory. */
export type ArchiveChoice = { readonly config?: string | undefined; readonly basePath?: string | undefined }

/** 'there' opens; 'destroyed' and 'missing' do not, for good and until the key store is complete. */
export type KeyState = 'there' | 'destroyed' | 'missing'

export type OpenedArchive = {
  readonly reader: ArchiveReader
  readonly places: PackerPlaces
  /** Of the packer, or what it would take by itself: `timezone` says which day a day is. */
  readonly settings: PackerSettings
  /** undefined where nothing is sealed and whoever can write to the archive can change the manifest as well. */
  readonly keys: ArchiveKeys | undefined
  /** Of a key that a file names; opens none. */
  keyState(id: string): Promise<KeyState>
}

/**
 * Runs `action` with the opened archive. Rejects with 'packer.archive-missing', 'packer.manifest-…' and what the vault rejects with; with 'vault.not-initialised' where the
 * settings say that files are sealed and no keys are there.
 */
export async function withArchive<T>(
  terminal: Terminal,
  choice: ArchiveChoice,
  action: (archive: OpenedArchive) => Promise<T>,
): Promise<T> {
  const { settings, places } = chosen(terminal, choice)
  const { basePath } = places
  const vault = await openKeys(terminal, settings, places)
  try {
    const isExpected = settings.encryptionEnabled && choice.basePath === undefined
    if (!vault && isExpected && existsSync(join(basePath, 'metadata/files.json'))) {
      throw vaultErrors.create('vault.not-initialised', { directory: places.keys })
    }
    const reader = await openArchiveReader({ basePath, keys: vault?.keys })
    const states = vault && lazily(() => keyStates(vault.vault))
    return await action({
      reader,
      places,
      settings,
      keys: vault?.keys,
      keyState: async id => (await states?.())?.get(id) ?? 'missing',
    })
  } finally {
    await vault?.close()
  }
}

function chosen(terminal: Terminal, { config, basePath }: ArchiveChoice) {
  const { values, warnings } = loadPackerSettings(config)
  for (const warning of warnings) terminal.note(`${terminal.noteStyle('yellow', 'warning:')} ${warning}`)
  const settings = basePath === undefined ? values : { ...values, basePath: resolve(basePath) }
  return { settings, places: packerPlaces(settings) }
}

type OpenedKeys = { readonly vault: Vault; readonly keys: ArchiveKeys; close(): Promise<void> }

/** undefined where the archive has no keys. */
async function openKeys(
  terminal: Terminal,
  settings: PackerSettings,
  places: PackerPlaces,
): Promise<OpenedKeys | undefined> {
  const { objects } = dataPaths(places.keys)
  if (!existsSync(objects)) return undefined
  const vaultSettings = vaultSettingsOf(settings, places)
  const audit = fileAuditLog(auditPath(terminal, places), { clock: systemClock })
  try {
    const vault = await openVault({
      storage: keyStorageToRead(localObjectReader(objects)),
      audit,
      clock: systemClock,
      random: systemRandom,
      sources: masterSources(vaultSettings, passphrasePrompt(terminal)),
    })
    const keys: ArchiveKeys = {
      keyFor: async day => sealKeyOf(await vault.keyFor(`archive/${day}`)),
      key: async id => sealKeyOf(await vault.key(id)),
      audit,
    }
    return {
      vault,
      keys,
      async close() {
        vault.close()
        await audit.close()
      },
    }
  } catch (error) {
    await audit.close()
    throw error
  }
}

/**
 * No key is given out before that is on record (VK8). In a copy that cannot be written the record is this user's: the log in the copy says what was done with the archive that it
 * is a copy of.
 */
function auditPath(terminal: Terminal, { keys }: PackerPlaces): string {
  const { audit } = dataPaths(keys)
  if (isWritable(existsSync(audit) ? audit : dirname(audit))) return audit
  const own = join(process.env.XDG_STATE_HOME || join(homedir(), '.local', 'state'), 'chronicle', 'archive-audit.log')
  terminal.note(
    `${terminal.noteStyle('dim', 'note:')} the archive cannot be written; the use of its keys is on record in ${own}`,
  )
  return own
}

async function keyStates(vault: Vault): Promise<ReadonlyMap<string, KeyState>> {
  const states = new Map<string, KeyState>()
  for await (const { id, state } of vault.keys()) states.set(id, state === 'destroyed' ? 'destroyed' : 'there')
  return states
}

function lazily<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => {
    made ??= make()
    return made
  }
}
