import type { ChronicleError } from '@chronicle/base'
import { openStream, type SealedHeader, type SealKey, sealKeyOf, vaultErrors } from '@chronicle/vault'
import type { ServerSettings } from '../../settings.ts'
import { printable, size } from '../format.ts'
import { openInput } from '../seal/input.ts'
import { inspectFile } from '../seal/inspect.ts'
import { checkSealedFile } from '../seal/names.ts'
import type { Terminal } from '../terminal.ts'
import { withVault } from '../vault/with-vault.ts'
import { type Check, checked, type Finding, refusal, unchecked, valid } from './finding.ts'

/** Opens a sealed file wholly and writes nothing. Where the key is not at hand, only what the header says can be told. */
export async function verifySealedFile(terminal: Terminal, settings: ServerSettings, path: string): Promise<Finding> {
  const header = await checked('the clear header is whole', () => inspectFile(path), inWords)
  if (!header.result) return { target: path, kind: 'sealed file', checks: [header.check], proves: [], doesNotProve: [] }
  const opened = await openWholly(terminal, settings, path)
  const isValid = opened.outcome === 'valid'
  return {
    target: path,
    kind: 'sealed file',
    checks: [header.check, opened],
    proves: isValid ? [`Every byte is as it was sealed with a key of the key store in ${settings.dataDirectory}.`] : [],
    doesNotProve: ['Who sealed it: whoever has that key store open can. When: nothing in it says so.'],
  }
}

function inWords({ kind, place, keyId, plainBytes }: Awaited<ReturnType<typeof inspectFile>>): string {
  return `${kind}${place === '' ? '' : ` ${printable(place)}`}, ${size(plainBytes)}, key ${keyId}`
}

/** What keeps a key from being had, and says nothing about the file. */
const notAtHand: readonly string[] = [
  'vault.not-initialised',
  'vault.no-passphrase',
  'vault.keychain-unavailable',
  'vault.master-missing',
  'vault.key-not-found',
  'vault.key-destroyed',
]

/** The master or the key is not at hand: that says nothing about what was sealed. */
export function isKeyOutOfReach(error: unknown): error is ChronicleError {
  return vaultErrors.is(error) && notAtHand.includes(error.code)
}

async function openWholly(terminal: Terminal, settings: ServerSettings, path: string): Promise<Check> {
  const what = 'it opens from the first byte to the last'
  const open = () =>
    withVault(terminal, settings, async vault => {
      const keyFor = async (header: SealedHeader): Promise<SealKey> => {
        checkSealedFile(header, path, false)
        return sealKeyOf(await vault.key(header.keyId))
      }
      return readAll(openStream((await openInput(terminal, path)).pieces, keyFor))
    })
  try {
    return valid(what, size(await open()))
  } catch (error) {
    if (!isKeyOutOfReach(error)) return refusal(what, error)
    return unchecked(what, error.summary, error.remedy)
  }
}

async function readAll(pieces: AsyncIterable<Uint8Array>): Promise<number> {
  let bytes = 0
  for await (const piece of pieces) bytes += piece.length
  return bytes
}
