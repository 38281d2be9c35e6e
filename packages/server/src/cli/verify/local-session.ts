import { existsSync } from 'node:fs'
import { readStoredSession, type StoredSession, sessionErrors } from '@chronicle/sessions'
import { type Vault, vaultErrors } from '@chronicle/vault'
import { serverErrors } from '../../errors.ts'
import { dataPaths } from '../../process/data-directory.ts'
import type { ServerSettings } from '../../settings.ts'
import { openDataVault } from '../../vault/open-vault.ts'
import { plural } from '../format.ts'
import type { Terminal } from '../terminal.ts'
import { passphrasePrompt, withVaultParts } from '../vault/with-vault.ts'
import type { Check, Finding } from './finding.ts'
import { problemsCheck } from './problems.ts'
import { isKeyOutOfReach } from './sealed.ts'
import { type ChunkChecks, verifySession } from './session.ts'
import type { Trust } from './trust.ts'

const sessionIdForm = /^[A-Za-z0-9][\w.-]{0,127}$/

/** Verifies a session of the local data directory, its chunks as well. Works while the server runs: what a checkpoint covers never changes. */
export async function verifyLocalSession(
  terminal: Terminal,
  settings: ServerSettings,
  sessionId: string,
  trust: () => Promise<Trust>,
): Promise<Finding> {
  const { objects } = dataPaths(settings.dataDirectory)
  if (!sessionIdForm.test(sessionId) || !existsSync(objects)) throw nothingThere(settings, sessionId)
  // Before the store is opened here: two ways to it at once are one more than is needed.
  const trusted = await trust()
  return withVaultParts(settings, async parts => {
    const session = await readStoredSession(parts.store, sessionId)
    if (!session) throw nothingThere(settings, sessionId)
    const vault = await openDataVault(parts, { settings, ask: passphrasePrompt(terminal) }).catch(error => {
      if (isKeyOutOfReach(error)) return undefined
      throw error
    })
    try {
      const files = { read: session.treeFile, size: session.treeSize }
      return await verifySession(sessionId, files, trusted, chunksOf(session, vault))
    } finally {
      vault?.close()
    }
  })
}

function nothingThere({ dataDirectory }: ServerSettings, target: string): Error {
  const because = `no file has this name, and ${dataDirectory} has no such session`
  return serverErrors.create('server.nothing-to-verify', { target, because })
}

function chunksOf(session: StoredSession, vault: Vault | undefined): ChunkChecks {
  if (session.state === 'deleted')
    return withoutChunks('What was recorded: the session was deleted, and its key destroyed.')
  if (!vault) return withoutChunks('That the chunks are whole: the key store is not open, so none was looked at.')
  return openedChunks(session, vault)
}

function withoutChunks(reason: string): ChunkChecks {
  return { onLeaf: async () => undefined, checks: () => [], proves: treeProves, doesNotProve: [reason] }
}

/** Opens each chunk, hashes it, and compares the leaf that follows with the entry of the tree. */
function openedChunks(session: StoredSession, vault: Vault): ChunkChecks {
  const problems: string[] = []
  let chunks = 0
  return {
    async onLeaf(index, leafData) {
      chunks++
      const problem = await problemOf(session, vault, index, leafData)
      if (problem !== undefined) problems.push(`chunk ${index} ${problem}`)
    },
    checks: (): Check[] => [
      problemsCheck(`${plural(chunks, 'chunk')} opened, hashed and found in the tree`, problems, restore),
    ],
    proves: checkpoint => [...treeProves(checkpoint), `Every chunk of it can be read, and is what was posted.`],
    doesNotProve: [],
  }
}

const restore = 'Restore the named objects from a copy.'

async function problemOf(
  session: StoredSession,
  vault: Vault,
  index: number,
  leafData: Uint8Array,
): Promise<string | undefined> {
  try {
    const chunk = await session.chunk(index, vault)
    if (!chunk) return 'is missing'
    for await (const _ of chunk.payload());
    return Buffer.compare(chunk.leafData, leafData) === 0 ? undefined : 'is not the one in the tree'
  } catch (error) {
    if (sessionErrors.is(error) || vaultErrors.is(error)) return `cannot be opened: ${error.message}`
    throw error
  }
}

const treeProves: ChunkChecks['proves'] = ({ origin, size }) => [
  `The tree of ${origin} is whole, and its ${plural(size, 'leaf', 'leaves')} are those that its owner signed, in this order.`,
]
