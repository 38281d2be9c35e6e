/**
 * Time and order for simulations (D2): everything that happens later is a task here, and a seed decides which is next. Nothing
 * waits for real: a day passes in as many steps as there are things to do.
 */
import type { Clock, Random, Timer } from '@chronicle/base'

type Task = { readonly at: number; readonly order: number; readonly run: () => void; cancelled: boolean }

export class SimScheduler implements Clock {
  readonly #random: Random
  readonly #epoch = 1_790_000_000_000
  #time = 0
  #order = 0
  #tasks: Task[] = []

  constructor(random: Random) {
    this.#random = random
  }

  now(): number {
    return Math.floor(this.#epoch + this.#time)
  }

  monotonic(): number {
    return this.#time
  }

  after(delayMs: number, action: () => void): Timer {
    const task = this.#add(delayMs, action)
    return {
      cancel() {
        task.cancelled = true
      },
    }
  }

  every(intervalMs: number, action: () => void): Timer {
    let timer: Timer
    const again = (): void => {
      timer = this.after(intervalMs, again)
      action()
    }
    timer = this.after(intervalMs, again)
    return { cancel: () => timer.cancel() }
  }

  /** In place of `setImmediate`. An arrow: it is passed on by itself. */
  readonly defer = (action: () => void): void => {
    this.#add(0, action)
  }

  /** Resolves, or rejects, with what `finish` returns after 20 µs to 5 ms: an operation of the disk. */
  complete<T>(finish: () => T): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    this.#add(0.02 * (1 + this.#random.int(250)), () => {
      try {
        resolve(finish())
      } catch (error) {
        reject(error)
      }
    })
    return promise
  }

  /** Runs the next task and all that follows from it at once. False when there is none. */
  async step(): Promise<boolean> {
    const task = this.#takeNext()
    if (task) {
      this.#time = Math.max(this.#time, task.at)
      task.run()
    }
    await drained()
    return task !== undefined
  }

  /** Runs every task that is due within `ms`, then lets the time be that much later. */
  async advance(ms: number): Promise<void> {
    const until = this.#time + ms
    await drained()
    for (let next = this.#peek(); next && next.at <= until; next = this.#peek()) await this.step()
    this.#time = until
  }

  /** Runs tasks until `promise` settles; throws when it does not within `stepsMax`. */
  async settle<T>(promise: Promise<T>, stepsMax = 100_000): Promise<T> {
    let settled = false
    const note = (): void => {
      settled = true
    }
    promise.then(note, note)
    await drained()
    for (let steps = 0; !settled; steps++) {
      if (!(await this.step()))
        throw new Error('the simulation has nothing left to do, but what it waits for has not come')
      if (steps > stepsMax) throw new Error(`what the simulation waits for has not come in ${stepsMax} steps`)
    }
    return promise
  }

  /** Forgets all tasks: the process that they belonged to has died. */
  clear(): void {
    this.#tasks = []
  }

  #add(delayMs: number, run: () => void): Task {
    const task = { at: this.#time + delayMs, order: this.#order++, run, cancelled: false }
    this.#tasks.push(task)
    return task
  }

  #peek(): Task | undefined {
    this.#tasks = this.#tasks.filter(task => !task.cancelled)
    let next = this.#tasks[0]
    for (const task of this.#tasks) {
      if (task.at < next!.at || (task.at === next!.at && task.order < next!.order)) next = task
    }
    return next
  }

  #takeNext(): Task | undefined {
    const next = this.#peek()
    if (next) this.#tasks.splice(this.#tasks.indexOf(next), 1)
    return next
  }
}

/** A turn of the real loop: all promises that can go on have gone on. */
function drained(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}
