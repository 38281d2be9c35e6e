import { createHash } from 'node:crypto'
import { Blake3Hasher } from '@napi-rs/blake-hash'

export type ChecksumAlgorithm = 'blake3' | 'sha256'

/** A checksum in the making; 32 bytes either way. */
export type Checksum = { update(bytes: Uint8Array): void; digest(): Buffer }

export function checksum(algorithm: ChecksumAlgorithm): Checksum {
  if (algorithm === 'blake3') {
    const hasher = new Blake3Hasher()
    return {
      update: bytes => void hasher.update(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)),
      digest: () => hasher.digestBuffer(),
    }
  }
  const hash = createHash('sha256')
  return { update: bytes => void hash.update(bytes), digest: () => hash.digest() }
}

/** The checksum of a stream, in constant memory. */
export async function checksumOf(algorithm: ChecksumAlgorithm, pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const sum = checksum(algorithm)
  for await (const piece of pieces) sum.update(piece)
  return sum.digest()
}
