import type { ObjectInfo } from '@chronicle/objects'
import { TileTree } from '@chronicle/vault'
import { type KeyOfHeader, openChunk } from './chunk-object.ts'
import type { SessionContext } from './context.ts'
import { type ChunkFacts, Leaves } from './leaves.ts'
import { objectsAtOnceMax } from './limits.ts'
import { chunkIndexOf, chunkKey, chunksPrefix } from './object-keys.ts'
import type { SessionRecord } from './record.ts'
import { tileStorage } from './tile-storage.ts'

/**
 * The chunks of a session as they are stored: those that the record's tree has, and, while the session may have had more since, those whose
 * objects stand behind it. What was acknowledged is always among them (SE1). Rejects with 'sessions.damaged' and the errors of vault and store.
 */
export async function loadLeaves(
  context: SessionContext,
  record: SessionRecord | undefined,
  sessionId: string,
  keyOf: KeyOfHeader,
): Promise<Leaves> {
  const tree = await TileTree.open(tileStorage(context.store, sessionId), record?.tree, context.tiles)
  const covered = record && record.tree.size === record.chunks ? totalsOf(record) : undefined
  const leaves = new Leaves(tree, covered ?? { chunks: tree.size, plainBytes: 0, storedBytes: 0 })
  if (record?.state === 'open' || record?.state === 'finalizing') await catchUp(context, sessionId, leaves, keyOf)
  return leaves
}

function totalsOf({ chunks, plainBytes, storedBytes }: SessionRecord) {
  return { chunks, plainBytes, storedBytes }
}

/** Reads the tails of the chunk objects behind the tree, some at once, and learns them in their order. */
async function catchUp(context: SessionContext, sessionId: string, leaves: Leaves, keyOf: KeyOfHeader): Promise<void> {
  let group: number[] = []
  const learnGroup = async (): Promise<void> => {
    const facts = await Promise.all(group.map(index => readFacts(context, sessionId, index, keyOf)))
    group.forEach((index, at) => {
      const known = facts[at]
      if (known) leaves.learn(index, known)
    })
    group = []
  }
  for await (const { index } of chunkObjects(context, sessionId, leaves.size)) {
    if (leaves.isTooFarAhead(index)) break
    group.push(index)
    if (group.length === objectsAtOnceMax) await learnGroup()
  }
  await learnGroup()
}

/** undefined for a chunk that is gone by now. */
export async function readFacts(
  context: SessionContext,
  sessionId: string,
  index: number,
  keyOf: KeyOfHeader,
): Promise<ChunkFacts | undefined> {
  const chunk = await openChunk(context.store, sessionId, index, keyOf)
  return chunk && { leafData: chunk.leafData, plainBytes: chunk.footer.payloadBytes, storedBytes: chunk.storedBytes }
}

/** The chunk objects from index `from` on, in order. */
export async function* chunkObjects(
  { store }: Pick<SessionContext, 'store'>,
  sessionId: string,
  from: number,
): AsyncGenerator<{ index: number; info: ObjectInfo }> {
  const after = from > 0 ? { startAfter: chunkKey(sessionId, from - 1) } : {}
  for await (const info of store.list({ prefix: chunksPrefix(sessionId), ...after })) {
    const index = chunkIndexOf(sessionId, info.key)
    if (index !== undefined) yield { index, info }
  }
}
