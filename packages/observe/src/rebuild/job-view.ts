import type { TableComparison } from './compare.ts'
import type { RebuildCounts, RebuildStep } from './rebuild.ts'

/** What is asked of a rebuild. */
export type RebuildRequest = {
  /** Where the log is read from: events that were logged before a time (milliseconds since the epoch) are taken from the tables in force. */
  readonly from: 'beginning' | { readonly timestamp: number }
  /** When the rebuilt tables take the place of those in force: not at all, when somebody agrees, or in any case. Where nothing differs they never do. */
  readonly swap: 'never' | 'ask' | 'always'
  /** Whether tables that are replaced are kept for a while. */
  readonly keepOld: boolean
}

/**
 * `waiting`: for somebody to agree. Ends as `compared` (the tables in force stay), `swapped` (the rebuilt ones are in force), `cancelled` or `failed`
 * (the tables in force stay).
 */
export type RebuildState = 'running' | 'waiting' | 'compared' | 'swapped' | 'cancelled' | 'failed'

/** How a rebuild is. Times are milliseconds since the epoch. */
export type RebuildView = RebuildRequest & {
  readonly id: string
  readonly state: RebuildState
  readonly startedMs: number
  /** Absent while it runs or waits. */
  readonly endedMs?: number
  readonly step: RebuildStep
  readonly counts: RebuildCounts
  /** Absent until it has compared. */
  readonly comparison?: readonly TableComparison[]
  /** Why it failed or was cancelled. */
  readonly error?: unknown
}
