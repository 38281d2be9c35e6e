import type { RunReport } from '../archive/contract.ts'

/** Why a run was begun. */
export type RunReason = 'schedule' | 'threshold' | 'command'

/** How far a run is. */
export type RunProgress = { readonly doneBytes: number; readonly totalBytes: number }

export type RunRequest = {
  readonly reason: RunReason
  /** Ends the run at the next boundary between files. */
  readonly signal: AbortSignal
  /** Events of later days stay where they are: `YYYY-MM-DD` in the packer's time zone. */
  readonly untilDay?: string | undefined
  /** Reads and checks, and changes nothing. */
  readonly dryRun?: boolean | undefined
  readonly onProgress?: ((progress: RunProgress) => void) | undefined
}

export type RetentionReport = { readonly filesDeleted: number; readonly bytesDeleted: number }

/** What packs: one source into one archive. One call at a time. */
export type Engine = {
  run(request: RunRequest): Promise<RunReport>
  /** Deletes files whose retention is over. */
  deleteExpired(): Promise<RetentionReport>
  /** Bytes in the source that wait to be packed. */
  backlogBytes(): number
}

/** What became of a run that is over. */
export type LastRun = {
  readonly reason: RunReason
  /** Milliseconds since the epoch. */
  readonly endedMs: number
  readonly report?: RunReport | undefined
  /** What it failed with, in words. */
  readonly failure?: string | undefined
  /** Runs that have failed since the last one that did not. */
  readonly failures: number
}

export type ServiceStatus = {
  readonly startedMs: number
  readonly running: (RunProgress & { readonly reason: RunReason; readonly sinceMs: number }) | null
  readonly lastRun: LastRun | null
  readonly nextRunMs: number
  readonly backlogBytes: number | null
}
