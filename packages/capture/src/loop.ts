/** Work that is done step by step for as long as there is some, tried again when it fails, and woken when there is more. */
import type { Clock, Timer } from '@chronicle/base'

/** After a failure the next try comes after so many milliseconds, twice as many each time … */
const retryMsMin = 50
/** … up to this many. */
export const retryMsMax = 5_000

export type LoopOptions = {
  readonly clock: Clock
  /** One step. True: there is more. False: nothing until `wake`. A number: nothing until `wake`, or until so many milliseconds have passed. */
  step(): Promise<boolean | number>
  /** Told of every failure, and how many there were in a row; the same step is tried again. */
  onFailure(error: unknown, inARow: number): void
}

export class Loop {
  readonly #options: LoopOptions
  #running: Promise<void> | undefined
  #wanted = false
  #stopping = false
  #timer: Timer | undefined
  #failures = 0
  #failure: unknown
  #inARow = 0
  #interrupt: (() => void) | undefined

  constructor(options: LoopOptions) {
    this.#options = options
  }

  /** Why the last step failed; undefined once one has succeeded since, or works. */
  get failure(): unknown {
    return this.#failure
  }

  /** The step under way does what it should, though it has not ended: for one that goes on for long. */
  works(): void {
    this.#failure = undefined
    this.#inARow = 0
  }

  /** There may be something to do. */
  wake(): void {
    this.#wanted = true
    if (this.#stopping || this.#running) return
    this.#timer?.cancel()
    this.#running = this.#run().finally(() => {
      this.#running = undefined
      if (this.#wanted) this.wake()
    })
  }

  /** No step begins any more; resolves when the one under way has ended. */
  async stop(): Promise<void> {
    this.#stopping = true
    this.#timer?.cancel()
    this.#interrupt?.()
    await this.#running
  }

  async #run(): Promise<void> {
    while (this.#wanted && !this.#stopping) {
      this.#wanted = false
      const waitMs = await this.#step()
      // What is ready to run elsewhere has its turn between two steps.
      if (waitMs === 0) this.#wanted = true
      if (this.#wanted || this.#failures > 0) await this.#pause(waitMs ?? 0)
      else if (waitMs !== undefined) this.#timer = this.#options.clock.after(waitMs, () => this.wake())
    }
  }

  /** After how many milliseconds the next one is due; undefined where nothing is. */
  async #step(): Promise<number | undefined> {
    try {
      const answer = await this.#options.step()
      this.#failures = 0
      this.works()
      return answer === true ? 0 : answer === false ? undefined : answer
    } catch (error) {
      this.#failure = error
      this.#options.onFailure(error, ++this.#inARow)
      this.#wanted = true
      return Math.min(retryMsMax, retryMsMin * 2 ** Math.min(this.#failures++, 16))
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise(resolve => {
      const timer = this.#options.clock.after(ms, resolve)
      this.#interrupt = () => {
        timer.cancel()
        resolve()
      }
      if (this.#stopping) this.#interrupt()
    })
  }
}
