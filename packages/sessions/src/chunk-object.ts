import type { ObjectStore } from '@chronicle/objects'
import { type Hash, openRandomAccess, type SealedHeader, type SealKey, saltedLeaf, vaultErrors } from '@chronicle/vault'
import { type ChunkFooter, decodeFooter, footerBytesMax } from './chunk-format.ts'
import { payloadOf } from './chunk-payload.ts'
import { sessionErrors } from './errors.ts'
import { UnreadableFrame } from './frame-codec.ts'
import { decodeLeafMetadata, type LeafMetadata } from './leaf.ts'
import { chunkTailBytes } from './limits.ts'
import { chunkKey } from './object-keys.ts'
import { readRange, readTail } from './store-read.ts'

/** A chunk as it is stored. All but its payload was read and authenticated. */
export type StoredChunk = {
  readonly header: SealedHeader
  readonly footer: ChunkFooter
  readonly metadata: LeafMetadata
  readonly leafData: Hash
  readonly storedBytes: number
  /** The payload: each piece is authentic, and the hash of all was compared before it ends (SE4). Rejects with 'sessions.damaged'. */
  payload(): AsyncGenerator<Uint8Array>
}

/** Which key opens what has this header. */
export type KeyOfHeader = (header: SealedHeader) => Promise<SealKey>

/** undefined where there is no such chunk. Rejects with 'sessions.damaged', and with what `keyOf` rejects with. */
export async function openChunk(
  store: ObjectStore,
  sessionId: string,
  index: number,
  keyOf: KeyOfHeader,
): Promise<StoredChunk | undefined> {
  const object = chunkKey(sessionId, index)
  const tail = await readTail(store, object, chunkTailBytes)
  if (!tail) return undefined
  const place = { kind: 'chunk', place: `${sessionId}/${index}` } as const
  try {
    const read = async (start: number, end: number): Promise<Uint8Array> =>
      start >= tail.start
        ? tail.bytes.subarray(start - tail.start, end - tail.start)
        : readRange(store, object, start, end)
    const { header, plainBytes, read: open } = await openRandomAccess(read, tail.info.bytes, keyOf, place)
    const footer = decodeFooter(await open(Math.max(0, plainBytes - footerBytesMax), plainBytes), plainBytes)
    const metadata = footer && decodeLeafMetadata(footer.leafMetadata)
    if (!footer || metadata?.session_id !== sessionId || metadata.chunk_index !== index) {
      throw new UnreadableFrame('its footer is not that of this chunk')
    }
    const key = await keyOf(header)
    return {
      header,
      footer,
      metadata,
      leafData: saltedLeaf(footer.salt, footer.payloadSha256, metadata),
      storedBytes: tail.info.bytes,
      payload: () => withDamageNamed(object, payloadOf(store, tail, { key, place, footer })),
    }
  } catch (error) {
    throw damageOf(object, error)
  }
}

async function* withDamageNamed(object: string, pieces: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* pieces
  } catch (error) {
    throw damageOf(object, error)
  }
}

const damageCodes: readonly string[] = ['vault.tampered', 'vault.truncated', 'vault.not-sealed']

/** What the vault finds wrong with bytes is damage to this object. */
export function damageOf(object: string, error: unknown): unknown {
  const isDamage = error instanceof UnreadableFrame || (vaultErrors.is(error) && damageCodes.includes(error.code))
  if (!isDamage) return error
  return sessionErrors.create('sessions.damaged', { object, reason: (error as Error).message }, error)
}
