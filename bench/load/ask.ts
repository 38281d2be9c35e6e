/** A connection for one request at a time: the set-up of a benchmark, and latencies. */
import net from 'node:net'
import { FrameCounter } from './pipe.ts'

export type Asking = {
  /** Resolves with the first bytes of the answer, valid until the next question. One question at a time. */
  ask(request: Buffer): Promise<Buffer>
  close(): void
}

export async function connect(port: number): Promise<Asking> {
  const socket = net.connect({ port, host: '127.0.0.1', noDelay: true })
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject))
  let waiting = Promise.withResolvers<Buffer>()
  const frames = new FrameCounter(head => waiting.resolve(head))
  socket.on('data', chunk => frames.take(chunk, chunk.length))
  socket.on('close', () => waiting.reject(new Error('the broker closed the connection')))
  socket.on('error', error => waiting.reject(error))
  return {
    ask(request) {
      waiting = Promise.withResolvers<Buffer>()
      socket.write(request)
      return waiting.promise
    },
    close: () => socket.destroy(),
  }
}
