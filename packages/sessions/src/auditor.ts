import { ChronicleError, type Clock, messageOf, type Timer } from '@chronicle/base'
import type { Logger } from '@chronicle/telemetry'
import type { AuditLog } from '@chronicle/vault'
import { auditGroupMs, auditPendingMax } from './limits.ts'

type Details = Readonly<Record<string, string | number | boolean>>

/**
 * Every operation lands in the audit log. What was done is durable there before it is answered: an operation that cannot be recorded has failed for its caller,
 * who may repeat it. Refusals are recorded without waiting; those for want of room are counted, and recorded together, so that
 * a flood of them does not become a flood of lines.
 */
export class Auditor {
  readonly #log: AuditLog
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #pending = new Set<Promise<void>>()
  /** Errors that are in the log already. */
  readonly #recorded = new WeakSet<object>()
  #busy = 0
  #busyTimer: Timer | undefined
  #failure: string | undefined

  constructor(log: AuditLog, clock: Clock, logger: Logger) {
    this.#log = log
    this.#clock = clock
    this.#logger = logger
  }

  /** Why the last event could not be recorded; undefined while all is well. */
  get failure(): string | undefined {
    return this.#failure
  }

  /**
   * Runs an operation that changes something, or discloses a chunk, and records what became of it before it is answered. `describe` adds what only its
   * result tells.
   */
  async change<T>(
    action: string,
    details: Details,
    operation: () => Promise<T>,
    describe: (result: T) => Details = () => ({}),
  ): Promise<T> {
    const result = await this.#refusalsOf(action, details, operation)
    await this.#record(action, 'done', { ...details, ...describe(result) })
    return result
  }

  /** Runs an operation that only looks at what is no secret, and records it without waiting. */
  async look<T>(action: string, details: Details, operation: () => Promise<T>): Promise<T> {
    const result = await this.#refusalsOf(action, details, operation)
    await this.#inBackground(this.#record(action, 'done', details))
    return result
  }

  async #refusalsOf<T>(action: string, details: Details, operation: () => Promise<T>): Promise<T> {
    try {
      return await operation()
    } catch (error) {
      await this.refusal(action, details, error)
      throw error
    }
  }

  /** Records without waiting that something was refused with `error`, or failed with it; an error that is in the log already is not recorded again. */
  async refusal(action: string, details: Details, error: unknown): Promise<void> {
    if (typeof error === 'object' && error !== null) {
      if (this.#recorded.has(error)) return
      this.#recorded.add(error)
    }
    const code = error instanceof ChronicleError ? error.code : 'unexpected'
    if (code.endsWith('.busy')) return this.#countBusy()
    const isOurs = code.startsWith('sessions.') || code.startsWith('server.')
    await this.#inBackground(this.#record(action, isOurs ? 'refused' : 'failed', { ...details, code }))
  }

  #countBusy(): void {
    this.#busy++
    this.#busyTimer ??= this.#clock.after(auditGroupMs, () => this.#recordBusy())
  }

  #recordBusy(): void {
    this.#busyTimer?.cancel()
    this.#busyTimer = undefined
    if (this.#busy === 0) return
    const details = { code: 'sessions.busy', count: this.#busy }
    this.#busy = 0
    void this.#inBackground(this.#record('sessions.chunk.process', 'refused', details))
  }

  async #record(action: string, outcome: 'done' | 'refused' | 'failed', details: Details): Promise<void> {
    try {
      await this.#log.record({ action, outcome, details })
      this.#failure = undefined
    } catch (error) {
      this.#failure = messageOf(error)
      this.#logger.error({ error }, 'an operation on a session could not be recorded in the audit log')
      throw error
    }
  }

  /** Nobody waits for it, unless too many are not durable yet. What fails was logged. */
  async #inBackground(recording: Promise<void>): Promise<void> {
    const settled = recording.catch(() => undefined).finally(() => this.#pending.delete(settled))
    this.#pending.add(settled)
    if (this.#pending.size > auditPendingMax) await settled
  }

  /** Resolves when all that was taken is recorded, or was refused. */
  async close(): Promise<void> {
    this.#recordBusy()
    await Promise.all(this.#pending)
  }
}
