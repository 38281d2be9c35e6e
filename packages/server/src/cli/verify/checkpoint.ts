import { parseCheckpoint, parseNote, type VerifiedCheckpoint } from '@chronicle/vault'
import { count, printable } from '../format.ts'
import { checked, type Finding } from './finding.ts'
import { checkSignatures, whatSignaturesProve } from './signatures.ts'
import type { Trust } from './trust.ts'

/** Verifies a checkpoint (C2SP tlog-checkpoint) alone: who vouches for the tree, and nothing about what is in it. */
export async function verifyCheckpointFile(target: string, bytes: Uint8Array, trust: Trust): Promise<Finding> {
  const { check, result } = await checked('it is a checkpoint', () => parseCheckpoint(parseNote(bytes).text))
  if (!result) return { target, kind: 'checkpoint', checks: [check], proves: [], doesNotProve: [] }
  const { checks, checkpoint } = await checkSignatures(bytes, trust)
  if (!checkpoint) return { target, kind: 'checkpoint', checks, proves: [], doesNotProve: [] }
  const { proves, doesNotProve } = whatSignaturesProve(checkpoint, trust)
  const picture = [`  root of ${count(checkpoint.size)} leaves  ${Buffer.from(checkpoint.root).toString('hex')}`]
  return {
    target,
    kind: 'checkpoint',
    checks,
    picture,
    proves: [stated(checkpoint), ...proves],
    doesNotProve: ['What is in the tree: a .tlog-proof or an exported session does.', ...doesNotProve],
  }
}

function stated({ origin, size }: VerifiedCheckpoint): string {
  return `The owner of ${printable(origin)} has vouched for this tree of ${count(size)} leaves, and can show no other of this size without being caught.`
}
