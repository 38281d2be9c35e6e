import { serverErrors } from '../errors.ts'

const lineFeed = 10

/** Longest line that is taken: as large as a record of the default topic may be, and then some. */
export const lineBytesMax = 16 << 20

/** Splits chunks into lines, as bytes without their line feeds. The lines of one chunk come together, so that none waits for the next chunk. */
export async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer[]> {
  let pending: Buffer[] = []
  let pendingBytes = 0
  for await (const chunk of chunks) {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    const lines: Buffer[] = []
    let start = 0
    for (let end = bytes.indexOf(lineFeed); end !== -1; end = bytes.indexOf(lineFeed, start)) {
      lines.push(Buffer.concat([...pending, bytes.subarray(start, end)]))
      pending = []
      pendingBytes = 0
      start = end + 1
    }
    if (start < bytes.length) pending.push(bytes.subarray(start))
    pendingBytes += bytes.length - start
    if (pendingBytes > lineBytesMax) {
      throw serverErrors.create('server.invalid-line', { reason: `a line is longer than ${lineBytesMax} bytes` })
    }
    if (lines.length > 0) yield lines
  }
  if (pendingBytes > 0) yield [Buffer.concat(pending)]
}
