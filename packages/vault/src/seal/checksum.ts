import { createHash } from 'node:crypto'
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)

/** Loaded with the first checksum of its kind: most processes never need one, and a native module is some 2 MB of memory. */
const loadBlake = (): typeof import('@napi-rs/blake-hash') => require('@napi-rs/blake-hash')

export type ChecksumAlgorithm = 'blake3' | 'sha256'

/** A checksum in the making; 32 bytes either way. */
export type Checksum = { update(bytes: Uint8Array): void; digest(): Buffer }

export function checksum(algorithm: ChecksumAlgorithm): Checksum {
  if (algorithm === 'blake3') {
    const { Blake3Hasher } = loadBlake()
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
