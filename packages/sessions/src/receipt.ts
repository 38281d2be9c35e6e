import { leafHash, type SealedHeader } from '@chronicle/vault'
import type { StoredChunk } from './chunk-object.ts'
import type { ChunkRead } from './contract.ts'

export type StoredReceipt = ChunkRead['receipt']

type Described = Pick<StoredChunk, 'metadata' | 'footer' | 'leafData' | 'storedBytes'> & {
  readonly header: Pick<SealedHeader, 'keyId'>
}

/** What is said of a chunk that is stored, whoever asks. */
export function receiptOf(chunk: Described): StoredReceipt {
  const { metadata, footer, header, leafData, storedBytes } = chunk
  return {
    chunkId: `${metadata.session_id}/${metadata.chunk_index}`,
    sessionId: metadata.session_id,
    chunkIndex: metadata.chunk_index,
    plainBytes: footer.payloadBytes,
    storedBytes,
    sha256: Buffer.from(footer.payloadSha256).toString('hex'),
    leafIndex: metadata.chunk_index,
    leafHash: Buffer.from(leafHash(leafData)).toString('hex'),
    keyId: header.keyId,
  }
}
