/** Sealing as the workers do it, beside what OpenSSL does with the same cipher and the same size of chunk. */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import {
  alternate,
  atMost,
  type Benchmark,
  compare,
  kibibyte,
  mebibyte,
  megabyte,
  ratioAtLeast,
  single,
} from '../harness.ts'
import type { SealOrder } from '../load/seal-thread.ts'
import { opensslGcmSpeed } from '../peers/openssl.ts'

const cipherChunkBytes = 16 * kibibyte
const order = { messageBytes: 10 * mebibyte, pieceBytes: 256 * kibibyte }

export const sealing: Benchmark = {
  name: 'sealing',
  about:
    '10 MiB messages sealed with Cobblestone-256 in 256 KiB pieces, over openssl speed -evp aes-256-gcm -bytes 16384',
  async run(context) {
    const threads = [sealThread(), sealThread()]
    try {
      const seconds = context.secondsPerRound
      const together = async (count: number): Promise<number> => {
        const speeds = await Promise.all(threads.slice(0, count).map(thread => speedOf(thread, { ...order, seconds })))
        return speeds.reduce((sum, speed) => sum + speed, 0) / megabyte
      }
      await together(2)
      const figures = await alternate(context, {
        one: () => together(1),
        openssl: async () => (await opensslGcmSpeed(cipherChunkBytes, seconds)) / megabyte,
        two: () => together(2),
      })
      const unit = 'MB/s'
      return [
        compare({
          what: 'one thread',
          unit,
          ours: figures.one,
          peer: figures.openssl,
          peerName: 'openssl speed',
          target: ratioAtLeast(0.7),
        }),
        compare({
          what: 'two threads',
          unit,
          ours: figures.two,
          peer: figures.one,
          peerName: 'one thread',
          target: ratioAtLeast(1.8),
        }),
        single('one message, one thread', figures.one.map(millisecondsFor), 'ms', atMost(10)),
      ]
    } finally {
      await Promise.all(threads.map(thread => thread.terminate()))
    }
  },
}

/** Of one message at so many megabytes a second. */
function millisecondsFor(speed: number): number {
  return (order.messageBytes / megabyte / speed) * 1000
}

function sealThread(): Worker {
  return new Worker(new URL('../load/seal-thread.ts', import.meta.url))
}

/** Bytes a second. */
async function speedOf(thread: Worker, message: SealOrder): Promise<number> {
  const answer = once(thread, 'message')
  thread.postMessage(message)
  return (await answer)[0]
}
