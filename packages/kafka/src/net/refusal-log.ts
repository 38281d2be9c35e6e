import type { Clock } from '@chronicle/base'
import type { Logger } from '@chronicle/telemetry'

const windowMs = 10_000
const linesPerWindowMax = 100

/** Says why connections are refused or closed. Whoever connects again and again fills no disk: the metrics count them all (N10). */
export class RefusalLog {
  readonly #logger: Logger
  readonly #clock: Clock
  #windowStart: number
  #lines = 0

  constructor(logger: Logger, clock: Clock) {
    this.#logger = logger
    this.#clock = clock
    this.#windowStart = clock.monotonic()
  }

  say(fields: Record<string, unknown>, message: string): void {
    const now = this.#clock.monotonic()
    if (now - this.#windowStart >= windowMs) {
      const leftOut = this.#lines - linesPerWindowMax
      if (leftOut > 0) this.#logger.warn({ leftOut }, 'more connections were refused or closed than are listed')
      this.#windowStart = now
      this.#lines = 0
    }
    if (this.#lines++ < linesPerWindowMax) this.#logger.warn(fields, message)
  }
}
