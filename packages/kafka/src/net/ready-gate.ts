import type { Log } from '@chronicle/log'

/** Lets producers wait while the log cannot take more, all of them on one promise. */
export class ReadyGate {
  readonly #log: Pick<Log, 'ready' | 'whenReady'>
  readonly #waiting = new Set<() => void>()
  #failed = false

  constructor(log: Pick<Log, 'ready' | 'whenReady'>) {
    this.#log = log
  }

  /** A log that has failed does not become ready: its refusals are then the answer. */
  get open(): boolean {
    return this.#log.ready || this.#failed
  }

  /** Calls `resume` once, when the gate is open. */
  wait(resume: () => void): void {
    this.#waiting.add(resume)
    if (this.#waiting.size > 1) return
    this.#log.whenReady().then(this.#wake, () => {
      this.#failed = true
      this.#wake()
    })
  }

  forget(resume: () => void): void {
    this.#waiting.delete(resume)
  }

  readonly #wake = (): void => {
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const resume of waiting) resume()
  }
}
