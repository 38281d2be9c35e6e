import { assert, type Clock } from '@chronicle/base'
import type { Logger } from '@chronicle/telemetry'
import type { Wal, WalEvents } from '@chronicle/wal'
import { batchRecordCount } from './batch.ts'
import { ChunkPool } from './chunk-pool.ts'
import type { LogContext } from './context.ts'
import { logErrors } from './errors.ts'
import type { LogState } from './log-state.ts'
import { MemoryLimits } from './memory.ts'
import type { LogSettings } from './settings.ts'
import { noUsage } from './usage.ts'
import { storageError } from './wal-source.ts'
import { Watermarks } from './watermarks.ts'

/** Stands between the partitions and the write-ahead log: what goes in, what has become durable, what has failed. */
export class Engine implements LogContext, WalEvents {
  readonly clock: Clock
  readonly logger: Logger
  readonly settings: LogSettings
  readonly watermarks = new Watermarks()
  readonly chunks = new ChunkPool()
  readonly usage = noUsage()
  readonly #limits: MemoryLimits
  #wal: Wal | undefined
  #state: LogState | undefined
  #isClosed = false
  #failure: Error | undefined
  #flushed: Promise<void> | undefined
  #durable: Promise<void> = Promise.resolve()
  /** Called after each group that has become durable, listeners having been told. */
  onProgress: (durableLsn: number) => void = () => undefined
  /** Since the start, for metrics. */
  batches = 0
  records = 0
  bytes = 0

  constructor(options: { clock: Clock; logger: Logger; settings: LogSettings }) {
    this.clock = options.clock
    this.logger = options.logger
    this.settings = options.settings
    this.#limits = new MemoryLimits(this.usage, options.settings)
  }

  /** From now on `state` is what batches and entries change. */
  use(state: LogState): void {
    this.#state = state
  }

  attach(wal: Wal): void {
    this.#wal = wal
  }

  readonly wal = (): Wal => {
    assert(this.#wal, 'the write-ahead log is open')
    return this.#wal
  }

  /** Why nothing more is taken, if it is so for good. */
  get failure(): Error | undefined {
    return this.#failure ?? this.#wal?.refusal
  }

  /** Why nothing is taken for now. */
  get hindrance(): Error | undefined {
    return this.#wal?.hindrance
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  close(): void {
    this.#isClosed = true
  }

  checkWritable(): void {
    if (this.#isClosed) throw logErrors.create('log.closed')
    const failure = this.failure
    if (failure) throw storageError(failure)
  }

  append(stream: number, kind: number, payload: Uint8Array, payloadCrc: number, frees = false): number {
    try {
      return this.wal().append(stream, kind, payload, payloadCrc, frees)
    } catch (error) {
      throw storageError(error)
    }
  }

  durable(): Promise<void> {
    const flushed = this.wal().flushed()
    if (flushed === this.#flushed) return this.#durable
    this.#flushed = flushed
    this.#durable = flushed.catch((error: unknown) => {
      throw storageError(error)
    })
    // Whoever waits hears of a failure; with acks=0 nobody waits, and that is no unhandled rejection.
    this.#durable.catch(() => undefined)
    return this.#durable
  }

  took(batch: Buffer): void {
    this.batches++
    this.records += batchRecordCount(batch, 0)
    this.bytes += batch.length
    if (this.#limits.isExceeded && this.#state) this.#limits.enforce(this.#state)
  }

  /** L2: offsets move when the bytes are durable, listeners hear of it, and only then do promises resolve. */
  onDurable(durableLsn: number): void {
    this.watermarks.advance(durableLsn)
    this.#state?.journal.advance(durableLsn)
    this.watermarks.announce()
    this.onProgress(durableLsn)
  }

  onFailed(error: Error): void {
    this.#failure = error
    this.logger.error({ error }, 'the write-ahead log has failed: nothing more is taken until a restart')
  }
}
