import type { RunReport } from '../archive/contract.ts'

/** Why a run was begun. 'missed' makes up for a scheduled one at whose time no packer ran. */
export type RunReason = 'schedule' | 'missed' | 'threshold' | 'command'

/** How far a run is. */
export type RunProgress = { readonly doneBytes: number; readonly totalBytes: number }

export type RunRequest = {
  readonly reason: RunReason
  /** Ends the run at the next boundary between files. */
  readonly signal: AbortSignal
  /** Events of later days stay where they are: `YYYY-MM-DD` in the packer's time zone. */
  readonly untilDay?: string | undefined
  /** These topics, and not the ring. */
  readonly topics?: readonly string[] | undefined
  /** Where they are, other than topics.bootstrap_servers says. */
  readonly bootstrap?: string | undefined
  /** Reads and checks, and changes nothing. */
  readonly dryRun?: boolean | undefined
  readonly onProgress?: ((progress: RunProgress) => void) | undefined
}

/** What the ring is called in reports. */
export const ringName = 'ring'

/** How far a source was packed: a ring in bytes, a partition of a topic in offsets. */
export type SourcePosition = { readonly source: string; readonly position: number }

export type RetentionReport = {
  readonly filesDeleted: number
  readonly bytesDeleted: number
  /** Past their retention by the clock, and not deleted unasked. */
  readonly filesHeldBack: number
}

/** What packs: sources into one archive. One run or deletion at a time. */
export type Engine = {
  run(request: RunRequest): Promise<RunReport>
  /** Deletes files whose retention is over: all of them where a person asks, and what is beyond doubt where a run does so by itself. */
  deleteExpired(isAsked: boolean): Promise<RetentionReport>
  /** Bytes in the source that wait to be packed. Throws where it cannot be looked at. */
  backlogBytes(): number
  /** Every daily run packs topics too; what waits there is not in `backlogBytes`. */
  readonly packsTopics?: boolean
  /** Sets right what `backlogBytes` failed with, where that takes no person. */
  mend?(): Promise<void>
  /** When something was packed last, or the archive was made, in milliseconds since the epoch. */
  lastCommitMs(): number
}

/** What became of a run that is over. */
export type LastRun = {
  readonly reason: RunReason
  /** Milliseconds since the epoch. */
  readonly endedMs: number
  readonly report?: RunReport | undefined
  /** What it failed with, and what to do, in words. */
  readonly failure?: string | undefined
  /** Of our errors, where it was one. */
  readonly failureCode?: string | undefined
  /** All was packed, and this is why files past their retention could not be deleted. */
  readonly retentionFailure?: string | undefined
  /** Runs that have failed since the last one that did not. */
  readonly failures: number
}

export type ServiceStatus = {
  readonly startedMs: number
  readonly running: (RunProgress & { readonly reason: RunReason; readonly sinceMs: number }) | null
  readonly lastRun: LastRun | null
  /** Of the daily run; null where none is scheduled. */
  readonly nextRunMs: number | null
  readonly backlogBytes: number | null
}
