/** The log's entries in the write-ahead log: their kinds, and the stream that is not a partition's. */

/** A record batch of the partition that the stream belongs to. */
export const batchEntry = 16
/** A change of the metadata, in JSON. */
export const metadataEntry = 17

/** The stream of the metadata, `__meta`. Partitions' streams are numbered from 1 and never used again. */
export const metadataStream = 0
