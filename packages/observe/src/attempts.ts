import { ChronicleError, type Clock, type Random } from '@chronicle/base'
import type { Logger } from '@chronicle/telemetry'
import type { Alerts } from './alerts.ts'
import { Backoff } from './backoff.ts'

const waits = { firstMs: 500, waitMsMax: 30_000 }
const failuresBeforeAlert = 3

export type AttemptsOptions = {
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly alerts: Alerts
  readonly onFailure: () => void
}

/**
 * Tries what the database has to do until it is done, with growing, jittered waits. After {@link failuresBeforeAlert} failures in a row the alert
 * 'write_failure' stands until the next success (OL7).
 */
export class Attempts {
  readonly #options: AttemptsOptions
  readonly #backoff: Backoff
  readonly #ending = Promise.withResolvers<void>()
  #isEnding = false
  /** Somebody waits for their turn. */
  #isYielding = false
  #wake: () => void = () => undefined
  #reason: string | undefined

  constructor(options: AttemptsOptions) {
    this.#options = options
    this.#backoff = new Backoff(options.random, waits)
  }

  get failuresInARow(): number {
    return this.#backoff.failures
  }

  /** Why the last attempt failed; undefined after a success. */
  get reason(): string | undefined {
    return this.#reason
  }

  /** From now on there are no second attempts. */
  end(): void {
    this.#isEnding = true
    this.#ending.resolve()
  }

  /** Until `resume` what fails is not tried again: its caller keeps it, for whoever waits would wait as long as it fails (OR6). */
  yield(): void {
    this.#isYielding = true
    this.#wake()
  }

  resume(): void {
    this.#isYielding = false
  }

  /** What `action` resolves with, in the end; undefined when `end` or `yield` was called before, and after a wait where `isVain` says that it would fail again. */
  async untilDone<T extends object>(
    action: () => Promise<T>,
    isVain: (error: unknown) => boolean = () => false,
  ): Promise<T | undefined> {
    for (;;) {
      try {
        const result = await action()
        this.#succeeded()
        return result
      } catch (error) {
        const waitMs = this.#failed(error)
        if (!this.#isLeft) await this.#pause(waitMs)
        if (this.#isLeft || isVain(error)) return undefined
      }
    }
  }

  get #isLeft(): boolean {
    return this.#isEnding || this.#isYielding
  }

  #succeeded(): void {
    this.#backoff.succeeded()
    this.#reason = undefined
    this.#options.alerts.clear('write_failure')
  }

  #failed(error: unknown): number {
    const { logger, alerts, onFailure } = this.#options
    const waitMs = this.#backoff.failed()
    this.#reason = reasonOf(error)
    const fields = { reason: this.#reason, failures: this.#backoff.failures, waitMs }
    logger.warn(fields, 'events could not be written to the tables; they are kept and tried again')
    onFailure()
    if (this.#backoff.failures >= failuresBeforeAlert) alerts.raise('write_failure', this.#reason)
    return waitMs
  }

  async #pause(waitMs: number): Promise<void> {
    const over = Promise.withResolvers<void>()
    const timer = this.#options.clock.after(waitMs, over.resolve)
    this.#wake = over.resolve
    await Promise.race([over.promise, this.#ending.promise])
    timer.cancel()
  }
}

/** Messages of ours hold no content of events; those of others might. */
function reasonOf(error: unknown): string {
  if (error instanceof ChronicleError) return error.message
  const { name, code } = (error ?? {}) as { name?: unknown; code?: unknown }
  return [name, code].filter(part => typeof part === 'string').join(' ') || 'unknown'
}
