import { checkChunkIndex, checkSessionId, checkSha256 } from './chunk-id.ts'
import type { IncomingChunk, SessionSettings } from './contract.ts'
import { sessionErrors } from './errors.ts'
import { encodeLeafMetadata, type LeafMetadata, leafMetadata } from './leaf.ts'

/** A chunk whose every field was checked; of the body nothing was read. */
export type CheckedChunk = {
  readonly sessionId: string
  readonly index: number
  readonly chunkId: string
  readonly body: IncomingChunk['body']
  readonly announcedBytes: number | undefined
  /** Lower case. */
  readonly sha256: string | undefined
  readonly metadata: LeafMetadata
  readonly encodedMetadata: Uint8Array
}

/** Throws 'sessions.invalid-…', and 'sessions.chunk-too-large' for what is announced so. */
export function checkIncoming(chunk: IncomingChunk, settings: SessionSettings): CheckedChunk {
  const { sessionId, chunkIndex: index, body } = chunk
  checkSessionId(sessionId)
  checkChunkIndex(index)
  const announcedBytes = body instanceof Uint8Array ? body.length : chunk.announcedBytes
  if (announcedBytes !== undefined && !(Number.isSafeInteger(announcedBytes) && announcedBytes >= 0)) {
    throw sessionErrors.create('sessions.invalid-chunk', { field: 'announcedBytes', accepted: 'a whole number' })
  }
  checkChunkBytes(announcedBytes ?? 0, settings)
  const metadata = leafMetadata(sessionId, index, chunk.metadata)
  return {
    sessionId,
    index,
    chunkId: `${sessionId}/${index}`,
    body,
    announcedBytes,
    sha256: checkSha256(chunk.sha256),
    metadata,
    encodedMetadata: encodeLeafMetadata(metadata),
  }
}

/** Throws 'sessions.chunk-too-large'. */
export function checkChunkBytes(bytes: number, { maxChunkBytes }: SessionSettings): void {
  if (bytes > maxChunkBytes) throw sessionErrors.create('sessions.chunk-too-large', { bytes, bytesMax: maxChunkBytes })
}
