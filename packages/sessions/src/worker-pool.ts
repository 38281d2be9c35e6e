import type { Clock } from '@chronicle/base'
import type { SealKey } from '@chronicle/vault'
import type { ChunkOrder } from './chunk-sealer.ts'
import { FrameBudget } from './frame-budget.ts'
import { framePayloadBytesMax, framesInFlightMax } from './limits.ts'
import { SealJob } from './seal-job.ts'
import { WorkerHandle } from './worker-handle.ts'

/**
 * The worker threads. None at first; one more, up to the limit, whenever each of those that are there has a frame's worth of work; and those that have
 * had none for a while are stopped. One that dies fails its jobs, and the next job that needs it starts another (SE8).
 */
export class WorkerPool {
  readonly #workersMax: number
  readonly #clock: Clock
  readonly #workers = new Set<WorkerHandle>()
  readonly #frames: FrameBudget
  #jobs = 0

  constructor(workersMax: number, clock: Clock) {
    this.#workersMax = workersMax
    this.#frames = new FrameBudget(workersMax * framesInFlightMax)
    this.#clock = clock
  }

  get size(): number {
    return this.#workers.size
  }

  get busy(): number {
    return [...this.#workers].filter(worker => worker.isBusy).length
  }

  /** A chunk that is to be sealed. It takes a worker with its first frame. */
  start(order: ChunkOrder, key: SealKey): SealJob {
    return new SealJob({ id: ++this.#jobs, order, key, frames: this.#frames, assign: () => this.#choose() })
  }

  #choose(): WorkerHandle {
    const [least] = [...this.#workers].sort((left, right) => left.load - right.load)
    if (least && (least.load < framePayloadBytesMax || this.size >= this.#workersMax)) return least
    const worker = new WorkerHandle(this.#clock, { onGone: gone => void this.#workers.delete(gone) })
    this.#workers.add(worker)
    return worker
  }

  /** Takes from all threads what was derived from a data key. */
  forget(keyId: string): void {
    for (const worker of this.#workers) worker.forget(worker.refsOf(keyId))
  }

  async close(): Promise<void> {
    await Promise.all([...this.#workers].map(worker => worker.stop()))
  }
}
