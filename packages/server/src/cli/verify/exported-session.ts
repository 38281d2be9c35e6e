import { createReadStream, existsSync } from 'node:fs'
import { join } from 'node:path'
import { type ChunkExtra, checksumOf, leafDataOf, parseChunkExtra, parseProof, vaultErrors } from '@chronicle/vault'
import { count, plural } from '../format.ts'
import { problemsCheck } from './problems.ts'
import type { ChunkChecks } from './session.ts'
import { treeDirectory } from './tree-files.ts'

/** The files of a session that was exported, besides those of its tree. */
export const exportedFiles = {
  proof: (index: number) => join('proofs', `${index}.tlog-proof`),
  payload: (index: number) => join('chunks', String(index)),
}

/** A directory that `chronicle session export` has written. */
export function isExportedSession(directory: string): boolean {
  return existsSync(join(directory, 'checkpoint'))
}

/** Compares the proofs of an exported session with its entries, and its payloads, where they were exported, with the hashes in the proofs. */
export function exportedChunks(directory: string): ChunkChecks {
  const files = treeDirectory(directory)
  const wrong: string[] = []
  let [proofs, payloads] = [0, 0]
  return {
    async onLeaf(index, leafData) {
      const proof = await files(exportedFiles.proof(index))
      const extra = proof && extraOf(proof)
      if (proof) proofs++
      if (proof && !(extra && Buffer.compare(leafDataOf(extra), leafData) === 0)) {
        wrong.push(`the proof of chunk ${count(index)} is about another leaf`)
      }
      const payload = join(directory, exportedFiles.payload(index))
      if (!existsSync(payload)) return
      payloads++
      if (!(await isPayload(payload, extra)))
        wrong.push(`the payload of chunk ${count(index)} is not what was recorded`)
    },
    checks: () => [
      problemsCheck(
        `${plural(proofs, 'proof')} and ${plural(payloads, 'payload')} belong to these entries`,
        wrong,
        'Export the session again.',
      ),
    ],
    proves({ origin, size }) {
      const place = `of ${origin} are the ${plural(size, 'leaf', 'leaves')} whose tree its owner signed, in this order, and none of them can be changed, left out or moved since`
      return [
        `The entries ${place}.`,
        ...(payloads > 0 ? [`The ${plural(payloads, 'payload')} in ${directory} are what was recorded.`] : []),
      ]
    },
    doesNotProve: ['What chunks hold whose payload is not in the directory.'],
  }
}

function extraOf(proof: Uint8Array): ChunkExtra | undefined {
  try {
    const { extra } = parseProof(proof)
    return extra && parseChunkExtra(extra)
  } catch (error) {
    if (vaultErrors.is(error)) return undefined
    throw error
  }
}

async function isPayload(path: string, extra: ChunkExtra | undefined): Promise<boolean> {
  if (!extra || !('payloadSha256' in extra)) return false
  const sha256 = await checksumOf('sha256', createReadStream(path))
  return Buffer.compare(sha256, extra.payloadSha256) === 0
}
