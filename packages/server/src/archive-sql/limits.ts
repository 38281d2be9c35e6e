/** Plain bytes of the archive that are open at once, where nobody says otherwise. */
export const openedBytesMaxDefault = 2 * 1024 * 1024 * 1024
/** Opened files: each takes a descriptor, and another one while it is read. */
export const openedFilesMax = 2000
/** What a query may take, where nobody says otherwise: it spills nothing to a disk. */
export const queryMemoryBytesDefault = 1024 * 1024 * 1024
/** Of the text of a query that comes over standard input. */
export const queryBytesMax = 1024 * 1024
