import { existsSync, readFileSync } from 'node:fs'
import { parseVkey, readVaultStatus, type VkeyType, vaultErrors } from '@chronicle/vault'
import { serverErrors } from '../../errors.ts'
import type { ServerSettings } from '../../settings.ts'
import { verifierKeyOf } from '../../vault/origin.ts'
import { withVaultParts } from '../vault/with-vault.ts'

/** Whom the person who verifies trusts. Keys are C2SP verifier keys. */
export type Trust = {
  readonly logKeys: readonly string[]
  /** In words: where the log keys come from. */
  readonly logKeysFrom: string
  readonly witnessKeys: readonly string[]
  /** How many of the witnesses must have cosigned. */
  readonly quorum: number
}

export type TrustOptions = { key: readonly string[]; witness: readonly string[]; quorum?: number }

/** Largest file of keys. */
const keyFileBytesMax = 64 * 1024

/**
 * The keys that the options name; without one, the key of the local data directory. Throws 'server.key-needed' where there is none,
 * 'vault.invalid-argument' for what is no key.
 */
export async function trustOf(settings: ServerSettings, { key, witness, quorum }: TrustOptions): Promise<Trust> {
  const witnessKeys = witness.flatMap(given => keysIn(given, '--witness', 'cosignature'))
  const logKeys = key.flatMap(given => keysIn(given, '--key', 'ed25519'))
  const local = logKeys.length === 0 ? await localKey(settings) : undefined
  return {
    logKeys: local === undefined ? logKeys : [local],
    logKeysFrom: local === undefined ? 'given with --key' : `of the key store in ${settings.dataDirectory}`,
    witnessKeys,
    quorum: quorum ?? witnessKeys.length,
  }
}

/** A key, or the keys in a file: one a line, or the JSON of `vault export-public-key`. */
function keysIn(given: string, flag: string, type: VkeyType): string[] {
  const text = existsSync(given) ? readFileSync(given).subarray(0, keyFileBytesMax).toString() : given
  const lines = text.trimStart().startsWith('{') ? [vkeyInJson(text)] : text.split('\n')
  const keys = lines.map(line => line.trim()).filter(line => line !== '' && !line.startsWith('#'))
  const isFit = keys.length > 0 && keys.every(vkey => parseVkey(vkey).type === type)
  if (isFit) return keys
  const accepted = type === 'ed25519' ? 'the key of a log: type 0x01' : 'the key of a witness: type 0x04'
  throw serverErrors.create('server.invalid-argument', { option: flag, value: given, accepted })
}

function vkeyInJson(text: string): string {
  try {
    return String(JSON.parse(text).vkey)
  } catch (error) {
    throw serverErrors.create('server.invalid-argument', { because: 'the file with the key is no JSON' }, error)
  }
}

async function localKey(settings: ServerSettings): Promise<string> {
  try {
    return await withVaultParts(settings, async ({ storage }) => {
      const status = await readVaultStatus(storage)
      if (!status) throw vaultErrors.create('vault.not-initialised', { location: storage.location })
      return verifierKeyOf(settings, status)
    })
  } catch (error) {
    if (!vaultErrors.is(error) || error.code !== 'vault.not-initialised') throw error
    throw serverErrors.create('server.key-needed', { noKeyStoreIn: settings.dataDirectory }, error)
  }
}
