/** Bounds of building and sending windows. */
const MiB = 1024 * 1024

/** Events in one batch. */
export const partEventsMax = 10_000
/** The events of one batch in bytes, as they are before they are compressed (run.ts); one event may pass it. */
export const partBytesMax = 16 * MiB
/** Events of blocks that overlap in time, held while a window is merged. Blocks that overlap more come out less well ordered, and whole. */
export const mergeEventsMax = 65_536
/** The same, in bytes before they are compressed. */
export const mergeBytesMax = 32 * MiB
/** Blocks that are fetched from the database at once. */
export const pageBlocksMax = 16
/** Windows that are closed in one transaction. */
export const closedAtOnceMax = 256
/** Events of windows that were just built and are kept to be sent without being read again … */
export const keptEventsMax = 2 * partEventsMax
/** … and their bytes, as they are before they are compressed. */
export const keptBytesMax = 8 * MiB

/** Runs of windows that are not delivered are kept as they were stored, in bytes of all together … */
export const recentBytesMax = 8 * MiB
/** … and in so many windows. */
export const recentWindowsMax = 1_024
/** What a run takes in memory beside its bytes. */
export const recentRunBytes = 256

/** Types that are counted by their name in a window, a minute, an hour or a day; what comes beyond is counted together. */
export const countedTypesMax = 256
/** The name under which further types are counted, together with a type of that name. */
export const otherTypes = '(other)'
/** Minutes that the events of one window are counted in; those of further ones count in the minute in which the window begins. */
export const windowMinutesMax = 4_096
