import { getCompileCacheDir } from 'node:module'
import { dirname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { type Clock, messageOf, type Timer } from '@chronicle/base'
import type { SealKey } from '@chronicle/vault'
import { framePayloadBytesMax, workerIdleMs, workerKeysMax } from './limits.ts'
import type { JobWorker, SealJob } from './seal-job.ts'
import { type Frame, type FromWorker, keyRef, type ToWorker } from './worker-protocol.ts'

/**
 * A thread needs a fifth of this. What bounds its memory is that the engine collects buffers that are not used any more by the time they are half
 * as large as the old generation may be: otherwise 64 MB of them pile up in each thread.
 */
const workerHeap = { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 48 }

/**
 * The environment of a thread: nothing of this process's own, which may hold a passphrase. Where the process keeps compiled modules the thread finds them,
 * and is there in a fifth of the time; node gives the directory with a part for its own version below it.
 */
function threadEnvironment(): NodeJS.Dict<string> {
  const directory = getCompileCacheDir()
  return directory === undefined ? {} : { NODE_COMPILE_CACHE: dirname(directory) }
}

export type WorkerEvents = {
  /** The thread has ended, or is about to; its jobs have failed. */
  onGone(worker: WorkerHandle): void
}

/** One worker thread and the jobs that it has. */
export class WorkerHandle implements JobWorker {
  readonly #worker: Worker
  readonly #clock: Clock
  readonly #events: WorkerEvents
  readonly #jobs = new Map<number, { job: SealJob; bytesAtWorker: number[]; isStream: boolean }>()
  /** Keys that the thread has, the least recently used one first. */
  readonly #refs = new Set<string>()
  #bytesAtWorker = 0
  #streams = 0
  #idle: Timer | undefined
  #isGone = false

  constructor(clock: Clock, events: WorkerEvents) {
    this.#clock = clock
    this.#events = events
    this.#worker = new Worker(new URL('./worker.ts', import.meta.url), {
      name: 'sessions',
      env: threadEnvironment(),
      resourceLimits: workerHeap,
    })
    this.#worker.on('message', (message: FromWorker) => this.#receive(message))
    this.#worker.on('error', error => this.#gone(messageOf(error), error))
    this.#worker.on('messageerror', error => this.#gone(messageOf(error), error))
    this.#worker.on('exit', code => this.#gone(`the thread ended with code ${code}`))
    this.#rest()
  }

  /** Bytes that wait to be sealed. A job with more frames to come counts as one frame at least. */
  get load(): number {
    return this.#bytesAtWorker + this.#streams * framePayloadBytesMax
  }

  get isBusy(): boolean {
    return this.#jobs.size > 0
  }

  send(job: SealJob, frame: Frame): void {
    const known = this.#jobs.get(job.id)
    if (known) known.bytesAtWorker.push(frame.bytes)
    else this.#begin(job, frame)
    this.#bytesAtWorker += frame.bytes
    if (known) this.#post({ type: 'frame', job: job.id, frame }, [frame.memory])
    else this.#post({ type: 'seal', job: job.id, ref: keyRef(job.key), order: job.order, frame }, [frame.memory])
  }

  #begin(job: SealJob, { bytes, isLast }: Frame): void {
    this.#idle?.cancel()
    if (!this.isBusy) this.#worker.ref()
    this.#jobs.set(job.id, { job, bytesAtWorker: [bytes], isStream: !isLast })
    if (!isLast) this.#streams++
    this.#giveKey(job.key)
  }

  /** Each key goes over once, and again only after the thread has forgotten it. */
  #giveKey(key: SealKey): void {
    const ref = keyRef(key)
    if (!this.#refs.delete(ref)) this.#post({ type: 'key', ref, key })
    this.#refs.add(ref)
    if (this.#refs.size > workerKeysMax) this.forget([this.#refs.values().next().value!])
  }

  /** Takes keys away from the thread. */
  forget(refs: readonly string[]): void {
    const held = refs.filter(ref => this.#refs.delete(ref))
    if (held.length > 0) this.#post({ type: 'forget', refs: held })
  }

  /** The keys that a data key has given the thread. */
  refsOf(keyId: string): string[] {
    return [...this.#refs].filter(ref => ref.startsWith(`${keyId}/`))
  }

  release(job: SealJob): void {
    const entry = this.#jobs.get(job.id)
    if (!entry) return
    this.#jobs.delete(job.id)
    for (const bytes of entry.bytesAtWorker) this.#bytesAtWorker -= bytes
    if (entry.isStream) {
      this.#streams--
      this.#post({ type: 'abort', job: job.id })
    }
    if (!this.isBusy) this.#rest()
  }

  #receive(message: FromWorker): void {
    const entry = this.#jobs.get(message.job)
    if (!entry) return
    this.#bytesAtWorker -= entry.bytesAtWorker.shift() ?? 0
    if (message.type === 'sealed') entry.job.onSealed(message)
    else entry.job.onFailed(message.reason)
  }

  /** A thread that waits does not keep the process alive, and not for ever its memory. */
  #rest(): void {
    if (this.#isGone) return
    this.#worker.unref()
    this.#idle = this.#clock.after(workerIdleMs, () => void this.stop())
  }

  /** Ends the thread. Jobs that it has fail. */
  async stop(): Promise<void> {
    this.#gone('the thread was stopped')
    await this.#worker.terminate()
  }

  #gone(reason: string, cause?: unknown): void {
    if (this.#isGone) return
    this.#isGone = true
    this.#idle?.cancel()
    this.#events.onGone(this)
    for (const { job } of [...this.#jobs.values()]) job.onFailed(reason, cause)
    void this.#worker.terminate()
  }

  #post(message: ToWorker, transfer: ArrayBuffer[] = []): void {
    this.#worker.postMessage(message, transfer)
  }
}
