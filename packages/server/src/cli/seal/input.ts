import { open } from 'node:fs/promises'
import { messageOf } from '@chronicle/base'
import { serverErrors } from '../../errors.ts'
import { Progress } from '../progress.ts'
import type { Terminal } from '../terminal.ts'

/** Standard input or output. */
export const standardStream = '-'

const pieceBytes = 1 << 20

export type Input = {
  readonly pieces: AsyncIterable<Uint8Array>
  /** Permission bits; undefined for standard input. */
  readonly mode: number | undefined
}

/** The bytes of a file, with a bar for who looks on; or of standard input. Throws 'server.unreadable-input'. */
export async function openInput(terminal: Terminal, path: string): Promise<Input> {
  if (path === standardStream) return { pieces: terminal.input, mode: undefined }
  try {
    const file = await open(path, 'r')
    const stat = await file.stat()
    if (stat.isDirectory()) {
      await file.close()
      throw serverErrors.create('server.unreadable-input', { path, reason: 'it is a directory' })
    }
    const stream = file.createReadStream({ highWaterMark: pieceBytes })
    return { pieces: watched(stream, new Progress(terminal, stat.size)), mode: stat.mode & 0o666 }
  } catch (error) {
    throw serverErrors.is(error) ? error : unreadable(path, error)
  }
}

async function* watched(pieces: AsyncIterable<Uint8Array>, progress: Progress): AsyncGenerator<Uint8Array> {
  try {
    for await (const piece of pieces) {
      progress.add(piece.length)
      yield piece
    }
  } finally {
    progress.clear()
  }
}

export function unreadable(path: string, error: unknown): Error {
  return serverErrors.create('server.unreadable-input', { path, reason: messageOf(error) }, error)
}
