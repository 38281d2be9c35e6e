import type { UrlOptions } from '../api-client.ts'
import { standardStream } from '../seal/input.ts'
import { writeWholeFile } from '../seal/whole-file.ts'
import type { Terminal } from '../terminal.ts'
import { SessionsClient } from './client.ts'

export type GetOptions = UrlOptions & { output?: string; force?: boolean }

/** One chunk as it was posted, to standard output or into a file. */
export async function getChunk(terminal: Terminal, id: string, index: number, options: GetOptions): Promise<void> {
  const { output = standardStream, force = false } = options
  const pieces = new SessionsClient(options).chunk(id, index)
  if (output !== standardStream) {
    await writeWholeFile(output, pieces, { force, mode: 0o600 })
    return
  }
  for await (const piece of pieces) await terminal.write(piece)
}
