import { readVaultStatus, type VaultStatus, vaultErrors } from '@chronicle/vault'
import type { ServerSettings } from '../../settings.ts'
import { openDataVault } from '../../vault/open-vault.ts'
import { verifierKeyOf } from '../../vault/origin.ts'
import { count, moment, plural, printTable, span } from '../format.ts'
import type { Terminal } from '../terminal.ts'
import { sourceInWords } from './init.ts'
import { keyRows, listedKeys, type PurposeRow, purposeRows } from './key-rows.ts'
import { passphrasePrompt, withVault, withVaultParts } from './with-vault.ts'

const purposesShownMax = 50

/** Shows what the key store says of itself, and its keys where the master is at hand. */
export async function vaultStatus(
  terminal: Terminal,
  settings: ServerSettings,
  { json }: { json?: boolean },
): Promise<void> {
  await withVaultParts(settings, async parts => {
    const status = await readVaultStatus(parts.storage)
    if (!status) throw vaultErrors.create('vault.not-initialised', { location: parts.storage.location })
    const vault = await openDataVault(parts, { settings, ask: passphrasePrompt(terminal) }).catch(error => {
      if (isLocked(error)) return undefined
      throw error
    })
    const listed = vault && (await listedKeys(vault))
    vault?.close()
    const purposes = listed && purposeRows(listed.keys, settings.vaultKeyRotationMs)
    const publicKey = verifierKeyOf(settings, status)
    if (json) terminal.out(JSON.stringify({ ...status, publicKey, purposes: purposes ?? null }, null, 2))
    else printStatus(terminal, status, publicKey, purposes)
    if (listed?.damage) throw listed.damage
  })
}

/** The master is not at hand. Another one than the right one is an error. */
function isLocked(error: unknown): boolean {
  const codes = ['vault.no-passphrase', 'vault.keychain-unavailable', 'vault.master-missing']
  return vaultErrors.is(error) && codes.includes(error.code)
}

function printStatus(
  terminal: Terminal,
  status: VaultStatus,
  publicKey: string,
  purposes: readonly PurposeRow[] | undefined,
): void {
  terminal.out(`${terminal.style('bold', status.location)}`)
  const facts = [
    ['vault', status.id],
    ['made', moment(status.createdMs)],
    ['master key', sourceInWords(status)],
    ['root key', `generation ${status.rootGeneration}`],
    ['public key', publicKey],
  ] as const
  for (const [name, value] of facts) terminal.out(`  ${terminal.style('dim', name.padEnd(11))} ${value}`)
  terminal.out()
  if (purposes === undefined) terminal.out('The master key is not at hand, so the keys are not shown.')
  else if (purposes.length === 0) terminal.out('No keys yet: the first one is made when something is sealed.')
  else printPurposes(terminal, purposes)
}

function printPurposes(terminal: Terminal, purposes: readonly PurposeRow[]): void {
  const columns = [
    { title: 'purpose' },
    { title: 'current key' },
    { title: 'age', right: true },
    { title: 'retired', right: true },
    { title: 'destroyed', right: true },
    { title: '' },
  ]
  const rows = purposes.slice(0, purposesShownMax).map(({ purpose, current, retired, destroyed }) => {
    const due = current?.due ? terminal.style('yellow', 'due: its next use makes a fresh one') : ''
    return [purpose, current?.id ?? '–', current ? span(current.ageMs) : '', count(retired), count(destroyed), due]
  })
  printTable(terminal, columns, rows)
  const more = purposes.length - purposesShownMax
  if (more > 0) terminal.out(`… and ${plural(more, 'purpose')} more: \`chronicle vault keys\` lists every key.`)
}

/** Lists every key whose purpose begins with `prefix`. */
export async function listKeys(
  terminal: Terminal,
  settings: ServerSettings,
  prefix: string | undefined,
  { json }: { json?: boolean },
): Promise<void> {
  await withVault(terminal, settings, async vault => {
    const { keys, damage } = await listedKeys(vault, prefix)
    const rows = keyRows(keys, settings.vaultKeyRotationMs)
    if (json) {
      terminal.out(JSON.stringify(rows, null, 2))
    } else if (rows.length === 0) {
      terminal.note('No such keys: the first one of a purpose is made when something is sealed for it.')
    } else {
      const columns = [{ title: 'key' }, { title: 'purpose' }, { title: 'state' }, { title: 'age', right: true }]
      const cells = rows.map(({ id, purpose, state, ageMs, due }) => {
        return [id, purpose, due ? `${state}, due` : state, span(ageMs)]
      })
      printTable(terminal, columns, cells)
    }
    if (damage) throw damage
  })
}
