import type { MasterSource, VaultStatus } from '@chronicle/vault'
import type { ServerSettings } from '../../settings.ts'
import { masterSource } from '../../vault/master-source.ts'
import { plural } from '../format.ts'
import { Progress } from '../progress.ts'
import type { Terminal } from '../terminal.ts'
import { sourceInWords } from './init.ts'
import { freshKeyFile, type NewMasterOptions, newPassphrase, withOptions } from './new-master.ts'
import { withVault } from './with-vault.ts'

const newPassphraseVariable = 'CHRONICLE_NEW_PASSPHRASE'

/** Wraps every key under a fresh root key, and that under a new master if one is asked for. May be run again after any interruption. */
export async function rewrapKeys(
  terminal: Terminal,
  settings: ServerSettings,
  options: NewMasterOptions,
): Promise<void> {
  await withVault(terminal, settings, async vault => {
    const before = vault.status
    const source = options.source && (await newSource(terminal, settings, options))
    let progress: Progress | undefined
    const onProgress = (_done: number, total: number): void => {
      progress ??= new Progress(terminal, total, keys => plural(keys, 'key'))
      progress.add(1)
    }
    const { keys } = await vault.rewrap({ ...(source && { source }), onProgress }).finally(() => progress?.clear())
    terminal.out(`Wrapped ${plural(keys, 'key')} anew; no data were touched.`)
    terminal.out(`  master key   ${sourceInWords(vault.status)}`)
    terminal.out(`  root key     generation ${vault.status.rootGeneration}`)
    if (source) for (const line of whatIsLeft(before)) terminal.note(line)
  })
}

async function newSource(terminal: Terminal, given: ServerSettings, options: NewMasterOptions): Promise<MasterSource> {
  const settings = withOptions(given, options)
  switch (options.source!) {
    case 'passphrase':
      return masterSource('passphrase', {
        ...settings,
        passphrase: await newPassphrase(terminal, newPassphraseVariable),
      })
    case 'keychain':
      return masterSource('keychain', settings)
    case 'file':
      return masterSource('file', options.keyFile ? settings : { ...settings, vaultKeyFile: freshKeyFile(settings) })
  }
}

function whatIsLeft({ source, sourceDetail }: VaultStatus): string[] {
  const old = { passphrase: 'passphrase', keychain: 'master key in the keychain', file: `key file ${sourceDetail}` }
  return [
    `The old ${old[source]} opens this key store no more. It still opens backups of the key store from before.`,
    'A server that is running goes on with what it has opened; start it again with the new master.',
  ]
}
