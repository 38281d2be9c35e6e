import { existsSync } from 'node:fs'
import { type ObjectStore, readObjectIfAny } from '@chronicle/objects'
import { serverErrors } from '../../errors.ts'
import { dataPaths } from '../../process/data-directory.ts'
import type { ServerSettings } from '../../settings.ts'
import type { Terminal } from '../terminal.ts'
import { withVaultParts } from '../vault/with-vault.ts'
import type { Finding } from './finding.ts'
import { type ChunkChecks, verifySession } from './session.ts'
import type { TreeFiles } from './tree-files.ts'
import type { Trust } from './trust.ts'

/** No file of a tree is larger than its checkpoint may be. */
const fileBytesMax = 1 << 20

/** Verifies a session of the local data directory. Works while the server runs: what a checkpoint covers never changes. */
export async function verifyLocalSession(
  _terminal: Terminal,
  settings: ServerSettings,
  sessionId: string,
  trust: () => Promise<Trust>,
): Promise<Finding> {
  const { objects } = dataPaths(settings.dataDirectory)
  if (!sessionIdForm.test(sessionId) || !existsSync(objects)) throw nothingThere(settings, sessionId)
  return withVaultParts(settings, async ({ store }) => {
    const files = treeObjects(store, sessionId)
    if (!(await files('checkpoint'))) throw nothingThere(settings, sessionId)
    return verifySession(sessionId, files, await trust(), treeAlone)
  })
}

const sessionIdForm = /^[A-Za-z0-9][\w.-]{0,127}$/

function nothingThere({ dataDirectory }: ServerSettings, target: string): Error {
  const because = `no file has this name, and ${dataDirectory} has no checkpoint of such a session`
  return serverErrors.create('server.nothing-to-verify', { target, because })
}

function treeObjects(store: ObjectStore, sessionId: string): TreeFiles {
  return path => readObjectIfAny(store, `sessions/trees/${sessionId}/${path}`, { bytesMax: fileBytesMax })
}

const treeAlone: ChunkChecks = {
  async onLeaf() {},
  checks: () => [],
  proves: () => [],
  doesNotProve: [],
}
