/** What a capture says of itself to whoever asks at its door. */
import type { HealthReport } from '@chronicle/telemetry'
import type { CaptureStatus, WaitingWindows } from './door/index.ts'
import { DatabaseError } from './errors.ts'
import { mebibyte } from './screenshots/index.ts'
import type { CaptureSettings } from './settings.ts'
import type { StorageMetrics } from './storage-metrics.ts'
import type { CaptureDatabase } from './store/database.ts'
import { schemaVersion } from './store/schema.ts'

export type StatusParts = {
  readonly config: CaptureSettings
  readonly database: CaptureDatabase
  readonly startedMs: number
  readonly socket: string
  readonly keys: string
  readonly bus: string
  /** Throws `DatabaseError`. */
  windows(): WaitingWindows
  readonly metrics: StorageMetrics
  readonly health: HealthReport
}

export function statusOf({ config, database, startedMs, windows, ...rest }: StatusParts): CaptureStatus {
  return {
    pid: process.pid,
    started: new Date(startedMs).toISOString(),
    database: database.path,
    database_bytes: orNull(() => database.bytes),
    windows: orNull(windows),
    format: schemaVersion,
    ...rest,
    limits: {
      queue_events: config.queueEventsMax,
      queue_bytes: config.queueMb * mebibyte,
      spill_bytes: config.spillMb * mebibyte,
      screenshot_memory_bytes: config.screenshotMemoryTotalMb * mebibyte,
      screenshot_files_bytes: config.screenshotFilesTotalMb * mebibyte,
    },
  }
}

/** A database that is held by another program, or damaged, is what the status is asked for. */
function orNull<T>(ask: () => T): T | null {
  try {
    return ask()
  } catch (error) {
    if (error instanceof DatabaseError) return null
    throw error
  }
}

/** How events come and batches go, in words. */
export function busInWords(config: CaptureSettings, hasOwnBus: boolean): string {
  if (hasOwnBus) return 'of the program'
  if (config.bus === 'in-process') return 'in this process'
  return `${config.eventsTopic} and ${config.batchesTopic} of ${config.bootstrapServers}`
}
