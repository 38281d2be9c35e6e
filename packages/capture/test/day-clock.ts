/** Time that a test turns by hand. What has passed and what the wall shows are two things, as on a machine that sleeps, or whose clock is set. */
import { type Clock, systemClock, type Timer } from '@chronicle/base'

type Task = { readonly owner: object; dueMs: number; readonly everyMs: number | undefined; action: () => void }

export class DayClock {
  passedMs = 0
  wallMs: number
  /** What is due first stands last. */
  readonly #tasks: Task[] = []

  constructor(wallMs: number) {
    this.wallMs = wallMs
  }

  /** Of one process: its timers end with it. What it still has to do then, it does by the real time, with the hands of the clock standing still. */
  process(): { readonly clock: Clock; end(): void } {
    const owner = {}
    let isOver = false
    const add = (delayMs: number, everyMs: number | undefined, action: () => void): Timer => {
      const task = { owner, dueMs: this.passedMs + Math.max(0, delayMs), everyMs, action }
      this.#add(task)
      return { cancel: () => this.#remove(task) }
    }
    const clock: Clock = {
      now: () => this.wallMs,
      monotonic: () => this.passedMs,
      after: (ms, action) => (isOver ? systemClock.after(ms, action) : add(ms, undefined, action)),
      every: (ms, action) => (isOver ? systemClock.every(ms, action) : add(ms, ms, action)),
    }
    const end = (): void => {
      isOver = true
      for (const task of this.#tasks.filter(each => each.owner === owner)) this.#remove(task)
    }
    return { clock, end }
  }

  /** The clock is set, or the machine slept: no time has passed for its timers. */
  set(byMs: number): void {
    this.wallMs += byMs
  }

  /** Goes to a moment before which nothing is due; false, and nothing done, where something is. */
  skipTo(passedMs: number): boolean {
    const next = this.#tasks.at(-1)
    if (next && next.dueMs <= passedMs) return false
    this.#goTo(passedMs)
    return true
  }

  /** Goes to a moment, and lets all happen that is due until then, each at its time. */
  async passTo(passedMs: number): Promise<void> {
    for (let next = this.#tasks.at(-1); next && next.dueMs <= passedMs; next = this.#tasks.at(-1)) {
      this.#tasks.pop()
      this.#goTo(Math.max(this.passedMs, next.dueMs))
      if (next.everyMs !== undefined) {
        next.dueMs += next.everyMs
        this.#add(next)
      }
      next.action()
      await turn()
    }
    this.#goTo(passedMs)
  }

  #goTo(passedMs: number): void {
    this.wallMs += passedMs - this.passedMs
    this.passedMs = passedMs
  }

  /** Behind all that are due at the same moment. */
  #add(task: Task): void {
    let at = this.#tasks.length
    while (at > 0 && this.#tasks[at - 1]!.dueMs <= task.dueMs) at--
    this.#tasks.splice(at, 0, task)
  }

  #remove(task: Task): void {
    const at = this.#tasks.indexOf(task)
    if (at >= 0) this.#tasks.splice(at, 1)
  }
}

/** A turn of the event loop: what can go on has gone on. */
export function turn(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}

/** By real time: what other threads do while no time of the day passes. */
const comesAboutMsMax = 30_000

/** Waits, turn by turn, for what happens on disks and in other threads. */
export async function comesAbout(what: () => string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const endMs = performance.now() + comesAboutMsMax
  while (!(await holds())) {
    if (performance.now() > endMs) throw new Error(`it does not come about: ${what()}`)
    await turn()
  }
}
