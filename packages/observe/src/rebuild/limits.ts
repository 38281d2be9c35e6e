/** Bounds of a rebuild: each statement is short, so that batches of the projector and readers get their turn between two of them. */

import type { Database } from '../database/contract.ts'

/** Keys of a table that are looked through at once, fewer where that keeps the thread of this process. */
export const keysAtOnce: Readonly<Record<Database['kind'], number>> = { postgresql: 20_000, embedded: 2_000 }
/** Traces that are carried over at once: their states are read, merged and written. */
export const tracesAtOnce = 1_000
/** Events that are carried over at once, and the bytes of their metadata: the last one may pass it. */
export const eventsAtOnce = 10_000
export const eventBytesAtOnce = 8 * 1024 * 1024

/** A statement of the comparison; the connection itself gives up at 60 s. */
export const compareStatementMsMax = 50_000

/** Rows of each table that a comparison names. */
export const examplesMax = 10

/** Rounds in which what came meanwhile is read while the projector goes on; what is left then is read while it waits. */
export const catchUpRoundsMax = 5
/** So few records are left to the pause. */
export const recordsLeftToPause = 5_000

/**
 * How long a swap waits for a table, and readers behind it. Less than PostgreSQL waits before it looks for a deadlock (1 s): it is the swap that gives way, and no reader that fails.
 */
export const swapLockTimeoutMs = 500
/** A lock that readers do not give up in time is asked for again after a wait, so often. */
export const swapAttemptsMax = 15
export const swapRetryMs = 1_000

/** A comparison that nobody has decided on by then is dropped. */
export const decisionMsMax = 15 * 60_000

/** Tables that were replaced are kept for so long: as far back as the log reaches by default, which an undoing of the swap would need. */
export const replacedKeptMs = 7 * 86_400_000
