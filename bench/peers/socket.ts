/**
 * The bare peer of everything that goes over a socket: a process that answers each request with as many bytes as the
 * request asks for and does nothing else. The bytes come from memory larger than the processor's caches, as a log's do.
 *
 *   request: OFFSET SIZE FIELD      answer: OFFSET SIZE FIELD
 *                 0    4 length n                 0    4 length m
 *                 4    4 m                        4    m anything
 *                 8  n−4 anything
 */
import net from 'node:net'
import { fileURLToPath } from 'node:url'
import { FrameCounter, runLoads } from '../load/pipe.ts'
import { line, type Running, start } from '../processes.ts'

const memoryBytes = 64 * 1024 * 1024

export type SocketPeer = Running & { readonly port: number }

export function startSocketPeer(): Promise<SocketPeer> {
  let port = 0
  const ready = async (child: Parameters<typeof line>[0]): Promise<void> => {
    port = Number((await line(child, /port (\d+)/))[1])
  }
  return start(process.execPath, [fileURLToPath(import.meta.url)], { ready }).then(peer => ({ ...peer, port }))
}

/** Answers a second, and bytes of answers a second, over `connections` with `inFlight` requests on each. */
export async function socketFlow(
  peer: SocketPeer,
  options: { connections: number; inFlight: number; requestBytes: number; answerBytes: number; seconds: number },
): Promise<{ answersPerSecond: number; bytesPerSecond: number }> {
  const request = Buffer.alloc(options.requestBytes)
  request.writeInt32BE(request.length - 4, 0)
  request.writeInt32BE(options.answerBytes, 4)
  const load = { inFlight: options.inFlight, next: () => request, check: () => {} }
  const loads = Array.from({ length: options.connections }, () => load)
  const flow = await runLoads(peer.port, loads, options.seconds)
  return { answersPerSecond: flow.answers / flow.seconds, bytesPerSecond: flow.answerBytes / flow.seconds }
}

function serve(): void {
  const memory = Buffer.alloc(memoryBytes, 1)
  let at = 0
  const server = net.createServer({ noDelay: true }, socket => {
    const frames = new FrameCounter(head => {
      const answerBytes = head.readInt32BE(4)
      if (at + 4 + answerBytes > memoryBytes) at = 0
      memory.writeInt32BE(answerBytes, at)
      socket.write(memory.subarray(at, at + 4 + answerBytes))
      at += 4 + answerBytes
    })
    socket.on('data', chunk => {
      socket.cork()
      frames.take(chunk, chunk.length)
      socket.uncork()
    })
    socket.on('error', () => socket.destroy())
  })
  server.listen(0, '127.0.0.1', () => console.log(`port ${(server.address() as net.AddressInfo).port}`))
  process.on('SIGTERM', () => process.exit(0))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) serve()
