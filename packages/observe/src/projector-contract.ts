import type { Clock, Random } from '@chronicle/base'
import type { Log } from '@chronicle/log'
import type { Health, Logger, Registry } from '@chronicle/telemetry'
import type { Alerts } from './alerts.ts'
import type { DeadLetterSink, LogMove, LogPosition, SwarmEvent } from './contract.ts'
import type { BatchReport } from './store/index.ts'

/** What the projector asks of the tables. */
export type EventWriter = {
  /** The positions that were committed last: the next record of each partition. */
  positions(): Promise<readonly LogPosition[]>
  /**
   * Writes events and positions in one transaction. Resolves once it is committed. Rejects where nothing was, or where it is not known: the same batch comes
   * again then, and has to change nothing if it had been committed. Rejects with 'observe.positions-moved' where the tables are not where the batch begins.
   */
  write(batch: { readonly events: readonly SwarmEvent[]; readonly positions: readonly LogMove[] }): Promise<BatchReport>
}

/** A batch that the tables have now. */
export type WrittenBatch = { readonly events: readonly SwarmEvent[]; readonly report: BatchReport }

export type ProjectorSettings = {
  readonly flushThreshold: number
  readonly flushIntervalMs: number
  readonly bufferEventsMax: number
  readonly overflow: 'back-pressure' | 'drop-oldest'
}

export type ProjectorOptions = {
  readonly log: Log
  readonly writer: EventWriter
  readonly deadLetters: DeadLetterSink
  readonly alerts: Alerts
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly registry: Registry
  readonly health: Health
  readonly settings: ProjectorSettings
}

/** Where the projector is, for /api/v1/health. */
export type ProjectorStatus = {
  /** `waiting`: the tables were not needed yet. `retrying`: the last attempt failed, and the batch is tried again. */
  readonly state: 'waiting' | 'running' | 'retrying' | 'stopped'
  /** Events taken in that are not in the tables yet, and how many there may be. */
  readonly bufferSize: number
  readonly bufferMaxSize: number
  /** The same by topic. */
  readonly lag: Readonly<Record<string, number>>
  readonly failuresInARow: number
  /** Why the last attempt failed; absent after a success. */
  readonly reason?: string
}
