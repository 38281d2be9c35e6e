import { messageOf } from '@chronicle/base'
import type { ObjectStore } from '@chronicle/objects'
import type { Hash, Vault } from '@chronicle/vault'
import { chunkObjects } from './catch-up.ts'
import { openChunk } from './chunk-object.ts'
import { chunkKey } from './object-keys.ts'
import type { SessionRecord } from './record.ts'
import { SessionKeys } from './session-keys.ts'
import type { Findings } from './verify-report.ts'
import { storedBundles } from './verify-tree.ts'

export type ChunkCounts = { readonly inTree: number; readonly behindTree: number; readonly payloadBytes: number }

/**
 * Opens every chunk, compares its payload with its hash, and its leaf data with what the tree has in its place. A chunk behind the tree is opened as well: it may have
 * been posted since the tree was written.
 */
export async function verifyChunks(
  store: ObjectStore,
  vault: Pick<Vault, 'key'>,
  record: SessionRecord,
  findings: Findings,
  onProgress: (chunks: number) => void,
): Promise<ChunkCounts> {
  const keys = new SessionKeys(record.sessionId, record, vault)
  const leaves = leafDataIn(store, record)
  let next = 0
  let behindTree = 0
  let payloadBytes = 0
  for await (const { index } of chunkObjects({ store }, record.sessionId, 0)) {
    for (; next < Math.min(index, record.tree.size); next++) {
      await leafAfter(leaves)
      findings.problem(`${chunkKey(record.sessionId, next)} is missing`)
    }
    const leaf = index < record.tree.size ? await leafAfter(leaves) : undefined
    if (index < record.tree.size) next = index + 1
    else behindTree++
    payloadBytes += await verifyChunk(store, keys, record.sessionId, index, leaf, findings)
    onProgress(next + behindTree)
  }
  for (; next < record.tree.size; next++) findings.problem(`${chunkKey(record.sessionId, next)} is missing`)
  return { inTree: next, behindTree, payloadBytes }
}

/** Answers the bytes of its payload. */
async function verifyChunk(
  store: ObjectStore,
  keys: SessionKeys,
  sessionId: string,
  index: number,
  leaf: Hash | undefined,
  findings: Findings,
): Promise<number> {
  try {
    const chunk = await openChunk(store, sessionId, index, header => keys.forOpening(header))
    if (!chunk) return 0
    if (leaf && !Buffer.from(leaf).equals(chunk.leafData)) {
      findings.problem(`${chunkKey(sessionId, index)} is not the chunk that the tree has in its place`)
    }
    for await (const _piece of chunk.payload());
    return chunk.footer.payloadBytes
  } catch (error) {
    findings.problem(`${chunkKey(sessionId, index)}: ${messageOf(error)}`)
    return 0
  }
}

/** One leaf after the other; undefined for those of a bundle that cannot be read. */
async function* leafDataIn(store: ObjectStore, { sessionId, tree }: SessionRecord): AsyncGenerator<Hash | undefined> {
  for await (const { leaves } of storedBundles(store, sessionId, tree.size)) {
    if (leaves) yield* leaves
    else yield* new Array<undefined>(256)
  }
}

async function leafAfter(leaves: AsyncGenerator<Hash | undefined>): Promise<Hash | undefined> {
  const next = await leaves.next()
  return next.done ? undefined : next.value
}
