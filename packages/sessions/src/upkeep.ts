import type { Clock, Timer } from '@chronicle/base'
import { idleFlushMs } from './limits.ts'
import type { SessionTable } from './session-table.ts'

/** Writes the trees of sessions that nothing was posted to for a while, one after the other. */
export class Upkeep {
  readonly #table: SessionTable
  readonly #clock: Clock
  readonly #timer: Timer
  #pass: Promise<void> | undefined

  constructor(table: SessionTable, clock: Clock) {
    this.#table = table
    this.#clock = clock
    this.#timer = clock.every(idleFlushMs, () => {
      this.#pass ??= this.#flush(idleFlushMs).finally(() => {
        this.#pass = undefined
      })
    })
  }

  async #flush(idleMs: number): Promise<void> {
    const before = this.#clock.monotonic() - idleMs
    const idle = [...this.#table.loaded()].filter(session => session.isDirty && session.lastPostMs <= before)
    for (const { id } of idle) await this.#table.flush(id)
  }

  /** Writes all that is left. */
  async close(): Promise<void> {
    this.#timer.cancel()
    await this.#pass
    await this.#flush(0)
  }
}
