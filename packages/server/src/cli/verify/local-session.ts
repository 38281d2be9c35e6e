import { existsSync } from 'node:fs'
import { type SessionCheck, sessionErrors, verifySessionFiles } from '@chronicle/sessions'
import { serverErrors } from '../../errors.ts'
import { dataPaths } from '../../process/data-directory.ts'
import type { ServerSettings } from '../../settings.ts'
import { openDataVault } from '../../vault/open-vault.ts'
import type { Terminal } from '../terminal.ts'
import { passphrasePrompt, withVaultParts } from '../vault/with-vault.ts'
import { type Check, type Finding, unchecked, valid } from './finding.ts'
import { problemsCheck } from './problems.ts'
import { isKeyOutOfReach } from './sealed.ts'
import type { Trust } from './trust.ts'

/** Verifies a session of the local data directory, its chunks as well. Works while a server runs: what a checkpoint covers never changes. */
export async function verifyLocalSession(
  terminal: Terminal,
  settings: ServerSettings,
  sessionId: string,
  trust: () => Promise<Trust>,
): Promise<Finding> {
  if (!existsSync(dataPaths(settings.dataDirectory).objects)) throw nothingThere(settings, sessionId)
  const { logKeys, witnessKeys, quorum, logKeysFrom } = await trust()
  return withVaultParts(settings, async parts => {
    const vault = await openDataVault(parts, { settings, ask: passphrasePrompt(terminal) }).catch(error => {
      if (isKeyOutOfReach(error)) return undefined
      throw error
    })
    // The number of chunks is not known before they have been seen: no bar, but a count.
    const onProgress = (chunks: number): void => terminal.progress(`${chunks} chunks`)
    const trusted = { logKeys, witnessKeys, witnessesMin: quorum }
    const options = { store: parts.store, sessionId, ...trusted, ...(vault && { vault }), onProgress }
    try {
      const { checks } = await verifySessionFiles(options)
      return findingOf(sessionId, checks, logKeysFrom)
    } catch (error) {
      throw isNoSession(error) ? nothingThere(settings, sessionId) : error
    } finally {
      terminal.progress('')
      vault?.close()
    }
  })
}

function isNoSession(error: unknown): boolean {
  const codes = ['sessions.session-not-found', 'sessions.invalid-session-id']
  return sessionErrors.is(error) && codes.includes(error.code)
}

function nothingThere({ dataDirectory }: ServerSettings, target: string): Error {
  const because = `no file has this name, and ${dataDirectory} has no such session`
  return serverErrors.create('server.nothing-to-verify', { target, because })
}

/** What holds when nothing is wrong. */
const titles: Readonly<Record<SessionCheck['name'], string>> = {
  record: 'the record of the session is whole',
  checkpoint: 'the checkpoint is signed',
  tree: 'the entries have the root that was signed',
  tiles: 'every tile is the one that follows from the entries',
  chunks: 'every chunk opens, has its hash, and is the one in the tree',
}

function findingOf(target: string, checks: readonly SessionCheck[], logKeysFrom: string): Finding {
  const chunks = checks.find(({ name }) => name === 'chunks')
  const areOpened = chunks?.outcome === 'passed'
  return {
    target,
    kind: 'session',
    checks: checks.filter(check => check !== chunks || check.outcome !== 'not checked').map(checkOf),
    proves: [
      'The tree is whole, and its leaves are those that the owner of the key signed, in this order.',
      ...(areOpened ? ['Every chunk can be read, and is what was posted.'] : []),
    ],
    doesNotProve: [
      ...(areOpened ? [] : [`What the chunks hold: ${chunks?.detail}.`]),
      'That what was recorded is true.',
      `That the key is the right one: it is ${logKeysFrom}.`,
    ],
  }
}

function checkOf({ name, outcome, detail, problems }: SessionCheck): Check {
  const what = titles[name]
  if (outcome === 'not checked') return unchecked(what, detail, 'GET its merkle-root, or finalise it: that signs one.')
  return outcome === 'passed'
    ? valid(what, detail)
    : problemsCheck(what, problems, 'Restore what is named from a copy.')
}
