import { chunkExtra, formatProof, type Hash, parseTilePath } from '@chronicle/vault'
import { openChunk, type StoredChunk } from './chunk-object.ts'
import type { SessionContext } from './context.ts'
import type { SessionRoot, SessionView } from './contract.ts'
import { sessionErrors } from './errors.ts'
import type { Totals } from './leaves.ts'
import type { SessionRecord } from './record.ts'
import type { Session } from './session.ts'
import { tileStorage } from './tile-storage.ts'

/** Rejects with 'sessions.chunk-not-found', 'sessions.damaged'. */
export async function storedChunk(context: SessionContext, session: Session, index: number): Promise<StoredChunk> {
  const keys = await session.keys()
  const chunk = await openChunk(context.store, session.id, index, header => keys.forOpening(header))
  if (chunk) return chunk
  throw sessionErrors.create('sessions.chunk-not-found', { session: session.id, index })
}

/** The `.tlog-proof` of a leaf in the tree that `root` is the root of. */
export async function proofOf(
  context: SessionContext,
  session: Session,
  index: number,
  root: SessionRoot,
): Promise<string> {
  const leaves = await session.leaves()
  if (index >= root.treeSize) {
    if (leaves.knows(index)) {
      throw sessionErrors.create('sessions.not-covered', { session: session.id, index, missing: root.treeSize })
    }
    throw sessionErrors.create('sessions.chunk-not-found', { session: session.id, index })
  }
  const proof = await leaves.tree.inclusionProof(index, root.treeSize)
  const leafData = await leaves.tree.leafData(index)
  const extra = chunkExtra(await extraOf(context, session, index, leafData))
  return formatProof({ index, proof, checkpoint: root.checkpoint, extra })
}

/** Salt and hash went with the chunk where it was deleted. */
async function extraOf(context: SessionContext, session: Session, index: number, leafData: Hash) {
  if (session.state === 'deleted' || session.state === 'deleting') return { leafData }
  const { footer, metadata } = await storedChunk(context, session, index)
  return { salt: footer.salt, payloadSha256: footer.payloadSha256, metadata }
}

/** Throws 'sessions.invalid-range'. */
export function checkSizes(sessionId: string, from: number, to: number, size: number): void {
  const isSize = (value: number): boolean => Number.isSafeInteger(value) && value >= 0 && value <= size
  if (isSize(from) && isSize(to) && from <= to) return
  throw sessionErrors.create('sessions.invalid-range', { session: sessionId, from, to, size })
}

/** A tile as it is stored; undefined for what is not the path of one. */
export async function readTile(
  context: SessionContext,
  sessionId: string,
  path: string,
): Promise<Uint8Array | undefined> {
  return parseTilePath(path) && tileStorage(context.store, sessionId).read(path)
}

/** A session as others see it. Where its chunks were not looked at, `totals` are those of the tree that was written last. */
export function viewOf(record: SessionRecord, found?: { totals: Totals; treeSize: number }): SessionView {
  const { chunks, plainBytes, storedBytes } = found?.totals ?? record
  return {
    sessionId: record.sessionId,
    state: record.state === 'deleting' ? 'deleted' : record.state,
    createdMs: record.createdMs,
    finalizedMs: record.finalizedMs,
    deletedMs: record.deletedMs,
    chunks,
    treeSize: found?.treeSize ?? record.tree.size,
    plainBytes,
    storedBytes,
    keyId: record.keyId,
  }
}
