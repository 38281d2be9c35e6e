import { type ChunkExtra, leafDataOf, leafHash, type ProofFile, parseChunkExtra, vaultErrors } from '@chronicle/vault'
import { serverErrors } from '../../errors.ts'
import { printable } from '../format.ts'

/** What the leaf of a proof is. Nothing of it is true before it is found in the tree. */
export type Leaf = {
  readonly hash: Buffer
  /** Undefined where only the hash is known. */
  readonly data: Uint8Array | undefined
  readonly extra: ChunkExtra | undefined
}

/** Where a chunk of a session belongs, as it was hashed into its leaf. */
export type RecordedPlace = { readonly sessionId: string; readonly index: number }

/**
 * The leaf from the extra line of our proofs, or else from `given`, a leaf hash in hex. Throws 'vault.invalid-note', 'vault.newer-version', and
 * 'server.invalid-argument' where nothing says what the leaf is.
 */
export function leafOf({ extra }: ProofFile, given: string | undefined): Leaf {
  if (extra && (given === undefined || isOurs(extra))) {
    const parsed = parseChunkExtra(extra)
    const data = leafDataOf(parsed)
    return { hash: Buffer.from(leafHash(data)), data, extra: parsed }
  }
  if (given !== undefined) return { hash: Buffer.from(given, 'hex'), data: undefined, extra: undefined }
  const because = 'this proof does not say what its leaf is made of'
  throw serverErrors.create('server.invalid-argument', { missing: '--leaf', because })
}

/** Other logs have extra lines of their own. */
function isOurs(extra: Uint8Array): boolean {
  try {
    parseChunkExtra(extra)
    return true
  } catch (error) {
    if (vaultErrors.is(error) && error.code === 'vault.invalid-note') return false
    throw error
  }
}

/** Undefined where the payload is not known any more, or never was. */
export function payloadSha256({ extra }: Leaf): string | undefined {
  return extra && 'payloadSha256' in extra ? Buffer.from(extra.payloadSha256).toString('hex') : undefined
}

export function recordedPlace(leaf: Leaf): RecordedPlace | undefined {
  const { session_id: sessionId, chunk_index: index } = leafMetadata(leaf)
  return typeof sessionId === 'string' && typeof index === 'number' ? { sessionId, index } : undefined
}

/** What the recorder said about the payload, as text for people; empty where it said nothing. */
export function recordedMetadata(leaf: Leaf): string {
  const { metadata } = leafMetadata(leaf)
  return metadata === null || metadata === undefined ? '' : printable(JSON.stringify(metadata))
}

/** The envelope of the leaf's metadata: where the chunk belongs, and what the recorder said. */
function leafMetadata({ extra }: Leaf): Readonly<Record<string, unknown>> {
  const metadata = extra && 'metadata' in extra ? extra.metadata : undefined
  return typeof metadata === 'object' && metadata !== null ? (metadata as Record<string, unknown>) : {}
}
