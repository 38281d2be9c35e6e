import type { Socket } from 'node:net'

/** A longer line is no request of ours. */
export const requestLineBytesMax = 64 * 1024
/** The status names every source that was ever packed: about a hundred bytes for each partition of a topic. */
export const answerLineBytesMax = 16 * 1024 * 1024

/** JSON objects, one a line, as they come. Throws a SyntaxError for what is none, and a RangeError for a line that does not end. */
export async function* jsonLines(socket: Socket, lineBytesMax: number): AsyncGenerator<Record<string, unknown>> {
  let pending = Buffer.alloc(0)
  // Whoever stops listening, for an error too, may still have an answer to write.
  for await (const piece of socket.iterator({ destroyOnReturn: false })) {
    pending = Buffer.concat([pending, piece as Buffer])
    for (let end = pending.indexOf(10); end >= 0; end = pending.indexOf(10)) {
      const value: unknown = JSON.parse(pending.toString('utf8', 0, end))
      if (typeof value !== 'object' || value === null) throw new SyntaxError('a line is no JSON object')
      yield value as Record<string, unknown>
      pending = pending.subarray(end + 1)
    }
    if (pending.length > lineBytesMax) throw new RangeError(`a line is longer than ${lineBytesMax} bytes`)
  }
}
