import type { AuditLog, KeyInfo, Vault } from '@chronicle/vault'
import { serverErrors } from '../../errors.ts'
import type { ServerSettings } from '../../settings.ts'
import { ask, confirm } from '../ask.ts'
import { moment, plural } from '../format.ts'
import { exitCodes } from '../report.ts'
import type { Terminal } from '../terminal.ts'
import { listedKeys } from './key-rows.ts'
import { withVault } from './with-vault.ts'

export type DestroyOptions = {
  /** Ids that were given a second time instead of being typed. */
  yes: readonly string[]
  reason?: string
}

/**
 * Destroys keys, and with them everything that they have sealed. Asked twice: whether to, and the id or the purpose of each key has to be typed. Where
 * nobody can be asked, the ids have to be given twice. Returns the exit code.
 */
export async function destroyKeys(
  terminal: Terminal,
  settings: ServerSettings,
  ids: readonly string[],
  { yes, reason = 'asked for on the command line' }: DestroyOptions,
): Promise<number> {
  const stray = yes.find(id => !ids.includes(id))
  if (stray !== undefined) {
    throw serverErrors.create('server.invalid-argument', { yes: stray, accepted: 'an id that is to be destroyed' })
  }
  return withVault(terminal, settings, async (vault, { audit }) => {
    const keys = await find(vault, ids)
    const left = keys.filter(({ state }) => state !== 'destroyed')
    for (const { id } of keys.filter(key => !left.includes(key))) terminal.out(`${id} is destroyed already.`)
    if (left.length === 0) return exitCodes.ok
    printWhatIsLost(terminal, left)
    let isConfirmed = false
    try {
      isConfirmed = await isMeant(terminal, left, yes)
    } finally {
      if (!isConfirmed) await recordRefusal(audit, left)
    }
    if (!isConfirmed) {
      terminal.note('Nothing was destroyed.')
      return exitCodes.failure
    }
    for (const { id, purpose } of left) {
      await vault.destroy(id, reason)
      terminal.out(`Destroyed ${id} (${purpose}).`)
    }
    terminal.note('Copies of the key store from before still hold them: destroy those as well.')
    return exitCodes.ok
  })
}

/** That somebody asked is worth knowing, also where nothing came of it. */
async function recordRefusal(audit: AuditLog, keys: readonly KeyInfo[]): Promise<void> {
  for (const { id: keyId, purpose } of keys) {
    await audit.record({
      action: 'key.destroyed',
      outcome: 'refused',
      details: { keyId, purpose, reason: 'not confirmed' },
    })
  }
}

/** All of them, before any is destroyed: a mistyped id stops everything. */
async function find(vault: Vault, ids: readonly string[]): Promise<KeyInfo[]> {
  const { keys, damage } = await listedKeys(vault)
  return ids.map(id => {
    const key = keys.find(each => each.id === id)
    if (key) return key
    // Its record may be the damaged one.
    if (damage) throw damage
    throw serverErrors.create('server.invalid-argument', { key: id, because: '`chronicle vault keys` has no such key' })
  })
}

function printWhatIsLost(terminal: Terminal, keys: readonly KeyInfo[]): void {
  terminal.note(terminal.noteStyle('red', 'Nobody will ever be able to read again, also not from copies of the data:'))
  for (const { id, purpose, createdMs } of keys) {
    terminal.note(`  ${terminal.noteStyle('bold', whatItSeals(purpose))}`)
    terminal.note(`      key ${id}, made ${moment(createdMs)}`)
  }
}

function whatItSeals(purpose: string): string {
  const session = /^session\/(.+)$/.exec(purpose)?.[1]
  if (session !== undefined) return `the chunks of session ${session} that this key has sealed`
  if (purpose === 'file') return 'every file that `chronicle seal` has sealed with this key'
  return `everything that this key has sealed for ${purpose}`
}

async function isMeant(terminal: Terminal, keys: readonly KeyInfo[], yes: readonly string[]): Promise<boolean> {
  const unsaid = keys.filter(({ id }) => !yes.includes(id))
  if (unsaid.length === 0) return true
  const flag = `--yes ${unsaid[0]!.id}`
  if (!(await confirm(terminal, `Destroy ${plural(unsaid.length, 'key')} for good?`, flag))) return false
  for (const { id, purpose } of unsaid) {
    const typed = await ask(terminal, `To destroy ${id}, type it, or its purpose (${purpose}):`, flag)
    if (typed !== id && typed !== purpose) return false
  }
  return true
}
