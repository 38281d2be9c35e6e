import type { SessionSettings } from './contract.ts'

const kibibyte = 1024
const mebibyte = 1024 * kibibyte
const gibibyte = 1024 * mebibyte

export const defaultSessionSettings: SessionSettings = {
  maxWorkers: 10,
  queueSize: 1000,
  workerTimeoutMs: 30_000,
  batchSize: 100,
  pbkdf2Iterations: 100_000,
  maxChunkBytes: 10 * mebibyte,
  maxSessionBytes: 100 * gibibyte,
  compressionEnabled: true,
  compressionLevel: 6,
}

/** A local store writes a capital letter as three bytes, and the name of a file has at most 255. */
export const sessionIdCharactersMax = 85
/** Ten digits name a chunk object; the largest index leaves the tree's size far below 2^31. */
export const chunkIndexMax = 999_999_999
/** A recorder's metadata in canonical form, in bytes. */
export const metadataBytesMax = 16 * kibibyte
/** Arrays and objects inside each other in a recorder's metadata: a limit on recursion. */
export const metadataDepthMax = 32

/** Payload in one frame of a chunk: what is hashed, compressed and sealed in one step. */
export const framePayloadBytesMax = 256 * kibibyte
/** Frames of one chunk between the reader of its body and the store: each is 256 KiB, and about as much again once it is sealed. */
export const framesInFlightMax = 4

/** Chunks that may be stored before the first missing one comes: their leaves wait in memory. */
export const chunksAheadMax = 4096
/** Leaves that are in the tree in memory and not in its tiles yet: what a restart reads again. */
export const unflushedLeavesMax = 4096
/** A session that nothing was posted to for this long gets its tiles written. */
export const idleFlushMs = 2000
/** Sessions held open in memory while nobody uses them. */
export const openSessionsMax = 256
/** Chunk objects read or removed at once when a session is opened or deleted. */
export const objectsAtOnceMax = 8

/** One epoch's key seals no more than this; then the session's next key is derived. */
export const epochChunksMax = 65_536
export const epochBytesMax = 16 * gibibyte
/** Derived keys that an open session holds. */
export const sessionEpochsHeldMax = 4
/** Keys that a worker holds. */
export const workerKeysMax = 64
/** A worker without work for this long is stopped. */
export const workerIdleMs = 30_000

/** Ranges of missing chunks that an error names. */
export const missingRangesMax = 20
/** Sessions in one answer. */
export const sessionsListedMax = 1000

/** Read from the end of a chunk object at first: room for the longest footer, and for all of a small chunk. */
export const chunkTailBytes = 64 * kibibyte
/** A session record; grows only with the tree's peaks. */
export const recordBytesMax = 64 * kibibyte
/** A full entries tile is 256 × 34 bytes, a tile of hashes 256 × 32. */
export const tileBytesMax = 16 * kibibyte

/** Pause before a root is announced, or cosigned, again: doubled each time, up to the longest. */
export const announceRetryMs = 1000
export const announceRetryMsMax = 5 * 60_000
/** How long a caller of `root` or `finalize` waits for the listener: afterwards it goes on in the background. */
export const announceWaitMs = 5000
/** Roots that are being announced or cosigned at once. */
export const announcementsWaitingMax = 10_000

/** How long the health check remembers that the store did not take a chunk, when no other one comes. */
export const storeTroubleMs = 30_000

/** Audit events that are not durable yet; more make their operations wait. */
export const auditPendingMax = 10_000
/** Refusals for want of room are counted and recorded together this often. */
export const auditGroupMs = 1000

/** Tiles in memory, of all trees together: at most 25 KiB each. */
export const cachedTilesMax = 256
/** How long chunks on their way have when everything is stopped. */
export const closeGraceMs = 2000
