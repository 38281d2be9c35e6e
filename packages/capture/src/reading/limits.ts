/** Bounds of reading. */
const MiB = 1024 * 1024

/** Rows of windows or aggregates that are fetched at once. */
export const pageRowsMax = 500
/** Names of windows that are fetched at once … */
export const pageWindowsMax = 4_096
/** … of blocks of one window … */
export const windowKeysMax = 256
/** … and of late blocks: each page looks at all of them, so it is large. */
export const lateKeysMax = 8_192
/** Names of screenshots that are fetched at once. */
export const screenshotKeysMax = 8_192
/** Events that are handed out at once … */
export const portionEventsMax = 1_000
/** … and their bytes before they are compressed; one event may pass it. */
export const portionBytesMax = 4 * MiB
/** Cells of a picture of activity. */
export const activityCellsMax = 10_000
/** Sessions that the beginning of an id may find. */
export const sessionsFoundMax = 10
