import type { Clock } from '@chronicle/base'
import type { Logger } from '@chronicle/telemetry'
import type { Wal } from '@chronicle/wal'
import type { ChunkPool } from './chunk-pool.ts'
import type { LogSettings } from './settings.ts'
import type { Usage } from './usage.ts'
import type { Watermarks } from './watermarks.ts'

/** What all partitions of a log share. */
export type LogContext = {
  readonly clock: Clock
  readonly logger: Logger
  readonly settings: LogSettings
  readonly watermarks: Watermarks
  readonly chunks: ChunkPool
  readonly usage: Usage
  /** The write-ahead log, once it is open. */
  wal(): Wal
  /** Throws 'log.closed' or 'log.storage' when nothing can be appended any more. */
  checkWritable(): void
  /** Resolves when all that has been appended is durable; rejects with 'log.storage'. One promise for many appends. */
  durable(): Promise<void>
  /**
   * Appends an entry; returns its position. Throws 'log.storage' and takes nothing where the write-ahead log refuses. What
   * `frees` space is taken on a nearly full disk, too.
   */
  append(stream: number, kind: number, payload: Uint8Array, payloadCrc: number, frees?: boolean): number
  /** A partition has taken a batch, live or on replay. */
  took(batch: Buffer): void
}
