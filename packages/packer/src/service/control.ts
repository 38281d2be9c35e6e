/**
 * Control of a running packer over a Unix socket that its owner alone may open (mode 0600). One request a connection, JSON lines:
 *
 * ```text
 * → {"command":"process","dryRun":true}
 * ← {"progress":{"doneBytes":4096,"totalBytes":65536}}      any number of them
 * ← {"result":{…}}    or    {"error":{"code":"…","summary":"…","remedy":"…","details":{…}}}
 * ```
 */
import { once } from 'node:events'
import { chmodSync, rmSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { ChronicleError, type Clock, messageOf, type Stoppable } from '@chronicle/base'
import type { Logger } from '@chronicle/telemetry'
import { packerErrors } from '../errors.ts'
import { jsonLines, requestLineBytesMax } from './control-lines.ts'

const connectionsMax = 16
const requestMsMax = 5000
/** sun_path of Linux has 108 bytes, that of macOS 104, with the zero at its end. */
const pathBytesMax = 103

export type ControlRequest = Readonly<Record<string, unknown>>
/** Answers one request. What `tell` is given goes out at once. */
export type ControlHandler = (request: ControlRequest, tell: (progress: object) => void) => Promise<object> | object

export type ControlOptions = {
  readonly path: string
  readonly handlers: Readonly<Record<string, ControlHandler>>
  readonly clock: Clock
  readonly logger: Logger
}

/** Opens the socket. Whoever calls this holds the archive: a socket that is there already is a dead one. */
export async function serveControl(options: ControlOptions): Promise<Stoppable> {
  const { path, logger } = options
  checkControlPath(path)
  rmSync(path, { force: true })
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', error => logger.debug({ error }, 'a control connection broke'))
    void answer(socket, options)
  })
  server.maxConnections = connectionsMax
  // Nobody else may connect between bind and chmod.
  const mask = process.umask(0o177)
  try {
    server.listen(path)
    await once(server, 'listening')
  } finally {
    process.umask(mask)
  }
  chmodSync(path, 0o600)
  return {
    async stop() {
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroySoon()
      await closed
    },
  }
}

/** Throws where no socket can have this path. */
export function checkControlPath(path: string): void {
  if (Buffer.byteLength(path) <= pathBytesMax) return
  throw packerErrors.create('packer.base-path-too-long', { socket: path, accepted: `${pathBytesMax} bytes` })
}

async function answer(socket: Socket, { handlers, clock, logger }: ControlOptions): Promise<void> {
  const say = (line: object): void => {
    if (socket.writable) socket.write(`${JSON.stringify(line)}\n`)
  }
  const patience = clock.after(requestMsMax, () => socket.destroy())
  try {
    for await (const request of jsonLines(socket, requestLineBytesMax)) {
      patience.cancel()
      const handler = Object.hasOwn(handlers, `${request.command}`) ? handlers[`${request.command}`] : undefined
      if (!handler) throw packerErrors.create('packer.control-refused', { reason: 'there is no such command' })
      say({ result: await handler(request, progress => say({ progress })) })
      break
    }
  } catch (error) {
    logger.warn({ error }, 'a control request was refused')
    say({ error: errorAsLine(error) })
  } finally {
    patience.cancel()
    socket.destroySoon()
  }
}

function errorAsLine(error: unknown): object {
  if (error instanceof ChronicleError) {
    const { code, summary, remedy, details } = error
    return { code, summary, remedy, details }
  }
  const { code, summary, remedy, details } = packerErrors.create('packer.control-refused', { reason: messageOf(error) })
  return { code, summary, remedy, details }
}
