import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { Secret } from '@chronicle/config'
import { type MasterSourceKind, vaultErrors } from '@chronicle/vault'
import { serverErrors } from '../../errors.ts'
import { dataPaths } from '../../process/data-directory.ts'
import type { ServerSettings } from '../../settings.ts'
import { askSecret } from '../ask.ts'
import type { Terminal } from '../terminal.ts'

/** What a command may say about a new master key. Values that are left out come from the settings. */
export type NewMasterOptions = {
  source?: MasterSourceKind
  keyFile?: string
  kdf?: ServerSettings['vaultKdf']
  kdfIterations?: number
}

/** The settings with what the options of a command say. */
export function withOptions(settings: ServerSettings, options: NewMasterOptions): ServerSettings {
  return {
    ...settings,
    vaultKeySource: options.source ?? settings.vaultKeySource,
    vaultKdf: options.kdf ?? settings.vaultKdf,
    vaultKdfIterations: options.kdfIterations ?? settings.vaultKdfIterations,
    ...(options.keyFile === undefined ? {} : { vaultKeyFile: resolve(options.keyFile) }),
  }
}

/** A path for a key file beside the one that is there, for a master that takes its place. */
export function freshKeyFile({ vaultKeyFile, dataDirectory }: ServerSettings): string {
  const first = vaultKeyFile ?? dataPaths(dataDirectory).keyFile
  let path = first
  for (let number = 2; existsSync(path); number++) path = `${first}.${number}`
  return path
}

/** The passphrase of a new master: from the variable, or typed twice. Rejects with 'vault.no-passphrase' where there is neither. */
export async function newPassphrase(terminal: Terminal, variable: string): Promise<Secret> {
  const given = process.env[variable]
  if (given) return new Secret(given)
  if (!terminal.canAsk) throw vaultErrors.create('vault.no-passphrase', { variable })
  return new Secret(await askNewPassphrase(terminal))
}

/** Asks for a passphrase twice: a slip would lock everything for good. Rejects with 'server.passphrases-differ'. */
export async function askNewPassphrase(terminal: Terminal): Promise<string> {
  terminal.note('Choose a passphrase that nobody guesses and you do not lose: without it nothing can be opened.')
  const first = await askSecret(terminal, 'New passphrase')
  const second = await askSecret(terminal, 'The same again')
  if (first === '') throw serverErrors.create('server.not-answered')
  if (first !== second) throw serverErrors.create('server.passphrases-differ')
  return first
}
