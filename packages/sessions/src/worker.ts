/** The worker thread: seals the frames of many chunks, each in one synchronous step, in the order in which they come. */
import { parentPort } from 'node:worker_threads'
import { assert, messageOf, systemRandom } from '@chronicle/base'
import type { SealKey } from '@chronicle/vault'
import { ChunkSealer } from './chunk-sealer.ts'
import type { Frame, FromWorker, ToWorker } from './worker-protocol.ts'

const keys = new Map<string, SealKey>()
const jobs = new Map<number, ChunkSealer>()

function handle(message: ToWorker): void {
  switch (message.type) {
    case 'key':
      keys.set(message.ref, message.key)
      return
    case 'forget':
      for (const ref of message.refs) keys.delete(ref)
      return
    case 'abort':
      jobs.delete(message.job)
      return
    case 'seal':
      attempt(message.job, () => {
        const key = keys.get(message.ref)
        assert(key, 'a key comes before the chunks that it seals')
        jobs.set(message.job, new ChunkSealer(message.order, key, systemRandom))
        sealFrame(message.job, message.frame)
      })
      return
    case 'frame':
      attempt(message.job, () => sealFrame(message.job, message.frame))
  }
}

/** The frames of a job that was given up may still come. */
function sealFrame(job: number, { memory, bytes, isLast }: Frame): void {
  const sealer = jobs.get(job)
  if (!sealer) return
  sealer.push(new Uint8Array(memory, 0, bytes))
  const summary = isLast ? sealer.end() : undefined
  if (isLast) jobs.delete(job)
  const sealed = sealer.take()
  answer({ type: 'sealed', job, sealed, memory, ...(summary && { summary }) }, [memory, sealed.buffer])
}

function attempt(job: number, step: () => void): void {
  try {
    step()
  } catch (error) {
    jobs.delete(job)
    answer({ type: 'failed', job, reason: messageOf(error) }, [])
  }
}

function answer(message: FromWorker, transfer: ArrayBuffer[]): void {
  parentPort!.postMessage(message, transfer)
}

parentPort!.on('message', handle)
