import type { VerifiedCheckpoint } from '@chronicle/vault'
import { count, printable } from '../format.ts'
import { type Check, type Finding, refused, unchecked, valid } from './finding.ts'
import { checkSignatures, whatSignaturesProve } from './signatures.ts'
import { recomputeTree, type TreeFiles } from './tree-files.ts'
import type { Trust } from './trust.ts'

/** What is checked of each chunk besides its place in the tree. */
export type ChunkChecks = {
  /** Called for each leaf, in order. */
  onLeaf(index: number, leafData: Uint8Array): Promise<void>
  /** What came of it, once all leaves have been seen. */
  checks(): Check[]
  /** What the checks prove together when all of them are valid. */
  proves(checkpoint: VerifiedCheckpoint): string[]
  doesNotProve: readonly string[]
}

/** Verifies a whole session from its files: its checkpoint, its tree computed again from the entries, and its chunks as far as they are at hand. */
export async function verifySession(
  target: string,
  files: TreeFiles,
  trust: Trust,
  chunks: ChunkChecks,
): Promise<Finding> {
  const note = await files('checkpoint')
  if (!note) {
    const remedy = 'GET /api/v1/sessions/{session_id}/merkle-root makes one; so does finalising.'
    return refusedSession(target, unchecked('a checkpoint is there', 'there is none', remedy))
  }
  const { checks: signatures, checkpoint } = await checkSignatures(note, trust)
  if (!checkpoint) return refusedSession(target, ...signatures)
  const tree = await recomputeTree(files, checkpoint.size, chunks.onLeaf)
  const checks = [...signatures, rootCheck(checkpoint, tree.root), ...tree.checks, ...chunks.checks()]
  const { proves, doesNotProve } = whatSignaturesProve(checkpoint, trust)
  return {
    target,
    kind: 'session',
    checks,
    picture: [`  root of ${count(checkpoint.size)} leaves  ${hex(checkpoint.root)}`],
    proves: [...chunks.proves(checkpoint), ...proves],
    doesNotProve: [...chunks.doesNotProve, ...doesNotProve],
  }
}

function refusedSession(target: string, ...checks: Check[]): Finding {
  return { target, kind: 'session', checks, proves: [], doesNotProve: [] }
}

function rootCheck({ root, size, origin }: VerifiedCheckpoint, computed: Uint8Array | undefined): Check {
  const what = `the ${count(size)} entries have the root that was signed`
  if (!computed) return unchecked(what, 'not all entries can be read', 'Restore the tiles from a copy.')
  if (Buffer.compare(computed, root) === 0) return valid(what, printable(origin))
  const detail = `computed from the entries: ${hex(computed)}, signed: ${hex(root)}`
  return refused(what, detail, 'Somebody changed an entry. Restore the tiles from a copy.')
}

function hex(hash: Uint8Array): string {
  return Buffer.from(hash).toString('hex')
}
