import { vaultErrors } from '../errors.ts'
import { canonicalJson, type Hash, saltedLeaf } from '../merkle/index.ts'
import { proofExtraBytesMax } from './proof-file.ts'
import { hashBytes, invalidNote, strictText } from './text.ts'

/**
 * The `extra` data of our proofs: what the leaf data of a chunk follow from. Canonical JSON (RFC 8785) with these members and no others:
 *
 *   {"metadata":<JSON, null where there are none>,"payloadSha256":"<64 hex digits>","salt":"<64 hex digits>","version":1}
 *   {"leafData":"<64 hex digits>","version":1}             once salt and payload have been destroyed
 *
 * Nothing of it is true because it stands there: it is true when the leaf data that follow from it prove to be in the tree.
 */
export type ChunkExtra =
  | { readonly salt: Uint8Array; readonly payloadSha256: Uint8Array; readonly metadata: unknown }
  | { readonly leafData: Uint8Array }

const version = 1
const part = 'proof extra'
const hexPattern = /^[0-9a-f]{64}$/

/** The extra data as bytes, for `formatProof`. Throws 'vault.invalid-argument', or 'vault.not-canonical' where metadata are no JSON. */
export function chunkExtra(extra: ChunkExtra): Uint8Array {
  const bytes = Buffer.from(textOf(extra))
  if (bytes.length <= proofExtraBytesMax) return bytes
  throw vaultErrors.create('vault.invalid-argument', {
    argument: 'metadata',
    accepted: `up to ${proofExtraBytesMax} bytes of extra data`,
  })
}

/** Throws 'vault.invalid-note', or 'vault.newer-version'. What it returns, `chunkExtra` makes the same bytes of. */
export function parseChunkExtra(bytes: Uint8Array): ChunkExtra {
  const text = strictText(bytes, part, proofExtraBytesMax)
  try {
    const members: unknown = JSON.parse(text)
    if (isNewer(members)) throw vaultErrors.create('vault.newer-version', { part, known: version })
    const extra = extraOf(members)
    if (extra && textOf(extra) === text) return extra
  } catch (cause) {
    if (vaultErrors.is(cause) && cause.code === 'vault.newer-version') throw cause
    if (!(cause instanceof SyntaxError) && !vaultErrors.is(cause)) throw cause
  }
  throw invalidNote(part, 'not the members of version 1 in canonical JSON')
}

/** The leaf data that the extra data stand for. */
export function leafDataOf(extra: ChunkExtra): Hash {
  return 'leafData' in extra ? extra.leafData : saltedLeaf(extra.salt, extra.payloadSha256, extra.metadata)
}

/** Members stand in the order of their names. */
function textOf(extra: ChunkExtra): string {
  if ('leafData' in extra) return `{"leafData":"${hexOf('leafData', extra.leafData)}","version":${version}}`
  const { salt, payloadSha256, metadata } = extra
  const hashes = `"payloadSha256":"${hexOf('payloadSha256', payloadSha256)}","salt":"${hexOf('salt', salt)}"`
  return `{"metadata":${canonicalJson(metadata)},${hashes},"version":${version}}`
}

function isNewer(members: unknown): boolean {
  const found = Object(members).version
  return Number.isSafeInteger(found) && found > version
}

/** As far as the members can be read; what else is wrong with them shows in their text. */
function extraOf(members: unknown): ChunkExtra | undefined {
  const { metadata, ...hashes } = Object(members)
  const leafData = hashOf(hashes.leafData)
  if (leafData) return { leafData }
  const salt = hashOf(hashes.salt)
  const payloadSha256 = hashOf(hashes.payloadSha256)
  return salt && payloadSha256 ? { salt, payloadSha256, metadata } : undefined
}

function hashOf(hex: unknown): Uint8Array | undefined {
  return typeof hex === 'string' && hexPattern.test(hex) ? Uint8Array.from(Buffer.from(hex, 'hex')) : undefined
}

function hexOf(argument: string, hash: Uint8Array): string {
  if (hash.length === hashBytes) return Buffer.from(hash).toString('hex')
  throw vaultErrors.create('vault.invalid-argument', { argument, accepted: `${hashBytes} bytes` })
}
