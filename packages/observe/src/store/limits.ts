const dayMs = 86_400_000

/** Events older than this are not stored any more when they arrive, and their partitions are dropped. */
export const eventsKeptMs = 30 * dayMs
/** A trace whose last event is older is deleted. */
export const tracesKeptMs = 90 * dayMs

/** Partitions are made so far ahead that a database which nobody may alter for a while goes on taking events. */
export const partitionsAheadMs = 28 * dayMs
/** An event that lies further ahead than the partitions made for it has a clock that is wrong. */
export const eventsAheadMs = 8 * dayMs

/** Traces that one statement of retention deletes: locks are held briefly. */
export const tracesDeletedAtOnce = 5_000

/** Whoever waits this long for a table leaves it to the next time; readers wait behind them meanwhile. */
export const tableLockTimeoutMs = 2_000

/** How often retention looks for what is past being kept, and makes the weeks to come. */
export const retentionEveryMs = dayMs / 4
