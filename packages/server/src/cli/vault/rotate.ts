import { suggest } from '@chronicle/config'
import { serverErrors } from '../../errors.ts'
import type { ServerSettings } from '../../settings.ts'
import { plural } from '../format.ts'
import type { Terminal } from '../terminal.ts'
import { keepsItsKey, listedKeys, type PurposeRow, purposeRows } from './key-rows.ts'
import { withVault } from './with-vault.ts'

/** Makes fresh current keys: for the purposes that are named, for all of them, or else for those whose key is past its age. */
export async function rotateKeys(
  terminal: Terminal,
  settings: ServerSettings,
  named: readonly string[],
  { all }: { all?: boolean },
): Promise<void> {
  await withVault(terminal, settings, async vault => {
    const { keys, damage } = await listedKeys(vault)
    const rows = purposeRows(keys, settings.vaultKeyRotationMs)
    const purposes = named.length > 0 ? known(named, rows) : chosen(rows, all ?? false)
    for (const purpose of purposes) {
      const { id } = await vault.rotate(purpose)
      terminal.out(`${purpose}: what is sealed from now on gets the key ${id}`)
    }
    if (purposes.length === 0) terminal.note('No key is past its age. Name a purpose, or add --all.')
    else terminal.note(`Made ${plural(purposes.length, 'key')}. What the older ones have sealed stays readable.`)
    if (damage) throw damage
  })
}

function chosen(rows: readonly PurposeRow[], all: boolean): string[] {
  const wanted = rows.filter(({ purpose, current }) => current && (current.due || (all && !keepsItsKey(purpose))))
  return wanted.map(({ purpose }) => purpose)
}

/** A purpose that has no key yet is a mistyped one, and a fresh key would be of no use to a session. */
function known(named: readonly string[], rows: readonly PurposeRow[]): readonly string[] {
  const purposes = rows.map(({ purpose }) => purpose)
  for (const purpose of named) {
    if (keepsItsKey(purpose)) {
      const because = 'a session keeps its data key, and derives fresh keys from it as it grows'
      throw serverErrors.create('server.invalid-argument', { purpose, because })
    }
    if (purposes.includes(purpose)) continue
    const didYouMean = suggest(purpose, purposes)
    throw serverErrors.create('server.invalid-argument', { purpose, because: 'it has no key yet', didYouMean })
  }
  return named
}
