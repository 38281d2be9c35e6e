import type { Clock } from './clock.ts'

/** Something that was started and has to be stopped. `stop` flushes what was accepted. */
export type Stoppable = { stop(): Promise<void> | void }

/** What became of one part when everything was stopped. */
export type StopReport = {
  readonly name: string
  readonly outcome: 'stopped' | 'failed' | 'timed out'
  readonly error?: unknown
}

/**
 * Holds what was started, in order, and stops it in reverse order, each part within the time that is left (B3).
 * Stopping twice returns the same reports.
 */
export class Lifecycle {
  readonly #clock: Clock
  readonly #parts: { name: string; part: Stoppable }[] = []
  #stopping: Promise<StopReport[]> | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Registers `part`, already started, under `name`. */
  add<T extends Stoppable>(name: string, part: T): T {
    this.#parts.push({ name, part })
    return part
  }

  /** Stops everything in reverse order of its start. Never rejects: failures are in the reports. */
  stop(withinMs: number): Promise<StopReport[]> {
    this.#stopping ??= this.#stopAll(this.#clock.monotonic() + withinMs)
    return this.#stopping
  }

  async #stopAll(deadline: number): Promise<StopReport[]> {
    const reports: StopReport[] = []
    for (const { name, part } of this.#parts.reverse()) {
      reports.push(await this.#stopOne(name, part, deadline))
    }
    return reports
  }

  async #stopOne(name: string, part: Stoppable, deadline: number): Promise<StopReport> {
    const { promise: timedOut, resolve } = Promise.withResolvers<StopReport>()
    // Even past the deadline a part gets a moment: its flush may need only one.
    const leftMs = Math.max(100, deadline - this.#clock.monotonic())
    const timer = this.#clock.after(leftMs, () => resolve({ name, outcome: 'timed out' }))
    const stopped = (async (): Promise<StopReport> => {
      try {
        await part.stop()
        return { name, outcome: 'stopped' }
      } catch (error) {
        return { name, outcome: 'failed', error }
      }
    })()
    const report = await Promise.race([stopped, timedOut])
    timer.cancel()
    return report
  }
}
