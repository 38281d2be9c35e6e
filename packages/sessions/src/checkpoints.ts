import { readObjectIfAny } from '@chronicle/objects'
import {
  type Checkpoint,
  formatCheckpoint,
  MerkleTree,
  noteBytesMax,
  parseCheckpoint,
  parseNote,
  signNote,
} from '@chronicle/vault'
import { originOf, type SessionContext } from './context.ts'
import type { SessionRoot } from './contract.ts'
import { sessionErrors } from './errors.ts'
import { checkpointKey } from './object-keys.ts'
import type { Session } from './session.ts'

/** The latest signed checkpoint of a session, undefined where none was signed yet. Rejects with 'sessions.damaged'. */
export async function latestCheckpoint({ store }: SessionContext, session: Session): Promise<string | undefined> {
  if (session.checkpoint === undefined) {
    const bytes = await readObjectIfAny(store, checkpointKey(session.id), { bytesMax: noteBytesMax })
    // A damaged one is not kept: it may be restored meanwhile.
    if (bytes) headOf(session.id, bytes.toString())
    session.checkpoint = bytes?.toString() ?? 'none'
  }
  return session.checkpoint === 'none' ? undefined : session.checkpoint
}

/**
 * A signed checkpoint of the tree that the record names, in the session's turn. Tiles and record are durable before it is signed, and it is before it is
 * given out; no second one is ever signed for a size, nor one for a smaller tree than before (SE5). `beforeNew` runs before a new one is stored.
 */
export async function signCheckpoint(
  context: SessionContext,
  session: Session,
  beforeNew: () => Promise<void>,
): Promise<SessionRoot> {
  const { tree } = session.record
  const root = new MerkleTree(tree).root()
  const latest = await latestCheckpoint(context, session)
  if (latest !== undefined) {
    const head = headOf(session.id, latest)
    if (head.size > tree.size || (head.size === tree.size && !Buffer.from(head.root).equals(root))) {
      throw contradiction(session.id, head.size, tree.size)
    }
    if (head.size === tree.size) return rootOf(session.id, latest)
  }
  const text = formatCheckpoint({ origin: originOf(context.origin, session.id), size: tree.size, root })
  await beforeNew()
  return storeCheckpoint(context, session, signNote(text, [context.signer]))
}

/** In the session's turn. */
export async function storeCheckpoint(context: SessionContext, session: Session, note: string): Promise<SessionRoot> {
  session.checkpoint = undefined
  await context.store.put(checkpointKey(session.id), Buffer.from(note))
  session.checkpoint = note
  return rootOf(session.id, note)
}

export function rootOf(sessionId: string, checkpoint: string): SessionRoot {
  const { size, root } = headOf(sessionId, checkpoint)
  return { sessionId, merkleRoot: Buffer.from(root).toString('hex'), treeSize: size, checkpoint }
}

function headOf(sessionId: string, note: string): Checkpoint {
  try {
    return parseCheckpoint(parseNote(note).text)
  } catch (cause) {
    throw sessionErrors.create('sessions.damaged', { object: checkpointKey(sessionId), part: 'checkpoint' }, cause)
  }
}

function contradiction(sessionId: string, signedSize: number, size: number): Error {
  const reason =
    'it was signed for another tree than the one that is stored: chunks or tiles have been lost or exchanged'
  return sessionErrors.create('sessions.damaged', { object: checkpointKey(sessionId), reason, signedSize, size })
}
