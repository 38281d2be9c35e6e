import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { ChronicleError, type ErrorDetails } from '@chronicle/base'
import { packerErrors } from '../errors.ts'
import { checkControlPath } from './control.ts'
import { answerLineBytesMax, jsonLines } from './control-lines.ts'

/**
 * Asks the packer that listens at `path`. undefined where none does. Rejects with the error that it answers with, and with 'packer.control-refused' where it
 * goes away without an answer, or is silent for longer than `silenceMsMax`; a run tells how far it is as it goes on.
 */
export async function askPacker(
  path: string,
  request: { readonly command: string; readonly [name: string]: unknown },
  onProgress: (progress: Record<string, unknown>) => void = () => undefined,
  silenceMsMax?: number,
): Promise<Record<string, unknown> | undefined> {
  checkControlPath(path)
  const socket = await connected(path)
  if (!socket) return undefined
  if (silenceMsMax !== undefined) {
    const reason = `it has not answered for ${silenceMsMax} ms`
    const silent = packerErrors.create('packer.control-refused', { socket: path, reason })
    socket.setTimeout(silenceMsMax, () => socket.destroy(silent))
  }
  try {
    socket.write(`${JSON.stringify(request)}\n`)
    for await (const line of jsonLines(socket, answerLineBytesMax)) {
      if (line.progress) onProgress(line.progress as Record<string, unknown>)
      if (line.error) throw remoteError(line.error as RemoteError)
      if (line.result) return line.result as Record<string, unknown>
    }
  } finally {
    socket.destroy()
  }
  throw packerErrors.create('packer.control-refused', { reason: 'it ended before it answered' })
}

async function connected(path: string): Promise<Socket | undefined> {
  const socket = connect(path)
  try {
    await once(socket, 'connect')
    return socket
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ECONNREFUSED') return undefined
    throw packerErrors.create('packer.control-refused', { socket: path, reason: `${code}` }, error)
  }
}

type RemoteError = { code: string; summary: string; remedy: string; details: ErrorDetails }

function remoteError({ code, summary, remedy, details }: RemoteError): ChronicleError {
  return new ChronicleError(code, { summary, remedy }, details)
}
