/** Chunks whose bytes follow from their place, so that a test can know them again without keeping them. */
import { createHash } from 'node:crypto'
import { seededRandom } from '@chronicle/base'

const smallBytesMax = 16 << 10
/** Longer than one frame of a stored chunk. */
const largeBytesMax = 700 << 10
const largeOneIn = 25

export type Place = { readonly sessionId: string; readonly index: number }

/** The plain bytes of the chunk at `place`: incompressible, some of them long, a few empty. */
export function chunkAt({ sessionId, index }: Place, seed: number): Buffer {
  const name = createHash('sha256').update(`${seed} ${sessionId} ${index}`).digest()
  const random = seededRandom(name.readInt32LE(0))
  const bytesMax = random.int(largeOneIn) === 0 ? largeBytesMax : smallBytesMax
  const bytes = Buffer.alloc(random.int(bytesMax))
  for (let at = 0; at < bytes.length; at += name.length) name.copy(bytes, at)
  if (bytes.length > 8) bytes.writeDoubleBE(random.next(), 0)
  return bytes
}

export function sha256(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest()
}
