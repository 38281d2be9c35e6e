import { assert } from '@chronicle/base'
import type { SealKey } from '@chronicle/vault'
import type { ChunkOrder, ChunkSummary } from './chunk-sealer.ts'
import { sessionErrors } from './errors.ts'
import type { FrameBudget } from './frame-budget.ts'
import { framePayloadBytesMax, framesInFlightMax } from './limits.ts'
import type { Frame, FromWorker } from './worker-protocol.ts'

/** The worker that a job was given to. */
export type JobWorker = {
  send(job: SealJob, frame: Frame): void
  /** The job is over: done, failed or given up. */
  release(job: SealJob): void
}

export type SealJobOptions = {
  readonly id: number
  readonly order: ChunkOrder
  readonly key: SealKey
  /** Shared with all other jobs. */
  readonly frames: FrameBudget
  /** The worker for a job with its first frame. */
  readonly assign: (job: SealJob, frame: Frame) => JobWorker
}

type Sealed = Extract<FromWorker, { type: 'sealed' }>

/**
 * One chunk on its way through a worker. Whoever feeds it fills `memory()` and sends it; whoever drains it reads `output()`. A frame's memory is given out
 * again only when what became of the frame was taken by the drain, so that a job holds at most `framesInFlightMax` frames on either side, and one where all jobs
 * together have too many (SE7).
 */
export class SealJob {
  readonly id: number
  readonly order: ChunkOrder
  readonly key: SealKey
  readonly #assign: SealJobOptions['assign']
  readonly #frames: FrameBudget
  /** Taken from there. */
  #framesTaken = 0
  #worker: JobWorker | undefined
  readonly #spare: ArrayBuffer[] = []
  #made = 0
  readonly #answers: Sealed[] = []
  #changed = Promise.withResolvers<void>()
  #failure: unknown
  #isOver = false

  constructor({ id, order, key, frames, assign }: SealJobOptions) {
    this.id = id
    this.order = order
    this.key = key
    this.#frames = frames
    this.#assign = assign
  }

  /** Memory for the next frame, once there is some: of a whole frame, unless less is wanted for the first one. Rejects when the job has failed. */
  async memory(bytes = framePayloadBytesMax): Promise<ArrayBuffer> {
    for (;;) {
      this.#check()
      const spare = this.#spare.pop()
      if (spare) return spare
      if (this.#mayMake()) {
        this.#made++
        return new ArrayBuffer(Math.min(bytes, framePayloadBytesMax))
      }
      await this.#changed.promise
    }
  }

  #mayMake(): boolean {
    if (this.#made === 0) return true
    if (this.#made === framesInFlightMax || !this.#frames.take()) return false
    this.#framesTaken++
    return true
  }

  #returnFrames(): void {
    this.#frames.giveBack(this.#framesTaken)
    this.#framesTaken = 0
  }

  /** Hands a frame over, with its memory. The first one decides which worker has the job. */
  send(frame: Frame): void {
    this.#check()
    this.#worker ??= this.#assign(this, frame)
    this.#worker.send(this, frame)
  }

  /** The sealed bytes in order; returns what is known of the whole. Rejects when the job fails. */
  async *output(): AsyncGenerator<Uint8Array<ArrayBuffer>, ChunkSummary> {
    for (;;) {
      this.#check()
      const answer = this.#answers.shift()
      if (!answer) {
        await this.#changed.promise
        continue
      }
      if (answer.sealed.length > 0) yield answer.sealed
      this.#giveBack(answer.memory)
      if (answer.summary) {
        this.#returnFrames()
        return answer.summary
      }
    }
  }

  /** The first frame's may have been made for a small chunk. */
  #giveBack(memory: ArrayBuffer): void {
    if (memory.byteLength === framePayloadBytesMax) this.#spare.push(memory)
    else this.#made--
    this.#wake()
  }

  /** For the worker. */
  onSealed(answer: Sealed): void {
    assert(!this.#isOver, 'nothing comes after the last frame')
    this.#answers.push(answer)
    if (answer.summary) this.#end()
    this.#wake()
  }

  /** For the worker. */
  onFailed(reason: string, cause?: unknown): void {
    this.giveUp(sessionErrors.create('sessions.worker-failed', { reason }, cause))
  }

  /** Both who feeds and who drains it are refused with `reason` from here on. */
  giveUp(reason: unknown): void {
    this.#failure ??= reason
    this.#returnFrames()
    this.#end()
    this.#wake()
  }

  #end(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#worker?.release(this)
  }

  #wake(): void {
    this.#changed.resolve()
    this.#changed = Promise.withResolvers()
  }

  #check(): void {
    if (this.#failure !== undefined) throw this.#failure
  }
}
