import type { Clock, Stoppable, Timer } from '@chronicle/base'
import { Cron } from 'croner'
import type { DayTime } from '../settings-types.ts'

/** The clock is looked at this often: a machine that sleeps and a clock that is set are noticed. */
const lookMsMax = 60_000
/** Two days and no run in sight: the clock was set back. */
const aheadMsMax = 49 * 3600 * 1000

/** Whatever a zone does to its clocks, so many days hold a daily time. */
const lookBackMs = 3 * 24 * 3600 * 1000

/**
 * The first moment after `afterMs` at which it is `time` in `zone`, in milliseconds since the epoch. A time that summer time skips comes as much later as
 * the clock was moved; one that comes twice counts once.
 */
export function nextDaily(afterMs: number, { hour, minute }: DayTime, zone: string): number {
  const daily = new Cron(`${minute} ${hour} * * *`, { timezone: zone, paused: true })
  return daily.nextRun(new Date(afterMs))!.getTime()
}

/** The last moment up to `untilMs` at which it was `time` in `zone`. */
export function lastDaily(untilMs: number, time: DayTime, zone: string): number {
  let lastMs = nextDaily(untilMs - lookBackMs, time, zone)
  for (;;) {
    const nextMs = nextDaily(lastMs, time, zone)
    if (nextMs > untilMs) return lastMs
    lastMs = nextMs
  }
}

/** Calls `run` once a day (PS2). A machine that slept through the time runs when it wakes. */
export class DailySchedule implements Stoppable {
  readonly #clock: Clock
  readonly #next: (afterMs: number) => number
  readonly #run: () => void
  #nextMs: number
  #timer: Timer | undefined

  constructor(options: { clock: Clock; dailyTime: DayTime; timezone: string; run: () => void }) {
    this.#clock = options.clock
    this.#run = options.run
    this.#next = afterMs => nextDaily(afterMs, options.dailyTime, options.timezone)
    this.#nextMs = this.#next(this.#clock.now())
    this.#wait()
  }

  get nextMs(): number {
    return this.#nextMs
  }

  stop(): void {
    this.#timer?.cancel()
  }

  #wait(): void {
    const leftMs = Math.max(1, this.#nextMs - this.#clock.now())
    this.#timer = this.#clock.after(Math.min(leftMs, lookMsMax), () => this.#look())
  }

  #look(): void {
    const now = this.#clock.now()
    const isDue = now >= this.#nextMs
    if (isDue || this.#nextMs - now > aheadMsMax) this.#nextMs = this.#next(now)
    this.#wait()
    if (isDue) this.#run()
  }
}
