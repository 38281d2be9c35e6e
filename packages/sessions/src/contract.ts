/**
 * What HTTP and the command line see of sessions. A session is a numbered sequence of chunks (from 0 on); each chunk is hashed, compressed, sealed
 * and stored as one object, and is one leaf of the session's Merkle tree, whose order is the chunk index.
 */

/** JSON that a recorder attaches to a chunk. At most 16 KiB in canonical form. */
export type ChunkMetadata = Readonly<Record<string, unknown>>

/** A chunk on its way in. The body is read only once there is room for it. */
export type IncomingChunk = {
  readonly sessionId: string
  readonly chunkIndex: number
  /** Bytes that were announced (Content-Length), where known: what is too large is refused before a byte of it is read. */
  readonly announcedBytes?: number | undefined
  readonly body: Uint8Array | AsyncIterable<Uint8Array>
  /** SHA-256 of the plain bytes, in hex, as the sender knows it. */
  readonly sha256?: string | undefined
  readonly metadata?: ChunkMetadata | undefined
}

/** Acknowledged: the sealed bytes are stored and the leaf is durable (SE1). */
export type ChunkReceipt = {
  /** `<session id>/<chunk index>`. */
  readonly chunkId: string
  readonly sessionId: string
  readonly chunkIndex: number
  readonly plainBytes: number
  readonly storedBytes: number
  /** SHA-256 of the plain bytes, hex. */
  readonly sha256: string
  /** The chunk index: leaves are in the order of the chunks. */
  readonly leafIndex: number
  /** Hex. What the tree holds: SHA-256 of 0x00 and the salted hash (RFC 6962). */
  readonly leafHash: string
  readonly keyId: string
  readonly processingMs: number
  /** The chunk was there already, with the same bytes; nothing was stored again. */
  readonly repeated: boolean
}

export type SessionState = 'open' | 'finalizing' | 'finalized' | 'deleted'

export type SessionView = {
  readonly sessionId: string
  readonly state: SessionState
  readonly createdMs: number
  readonly finalizedMs?: number | undefined
  readonly deletedMs?: number | undefined
  readonly chunks: number
  /** Length of the run from chunk 0 on: what the tree covers so far. */
  readonly treeSize: number
  readonly plainBytes: number
  readonly storedBytes: number
  readonly keyId: string
}

export type SessionRoot = {
  readonly sessionId: string
  /** Hex. */
  readonly merkleRoot: string
  readonly treeSize: number
  /** C2SP tlog-checkpoint as a signed note, with the cosignatures that have come. */
  readonly checkpoint: string
}

export type Sessions = {
  readonly settings: SessionSettings
  /** The verifier key of this installation's checkpoints (C2SP signed-note vkey). */
  readonly publicKey: string

  /**
   * Rejects with 'sessions.busy' (429), 'sessions.chunk-too-large', 'sessions.session-too-large' (413), 'sessions.chunk-differs',
   * 'sessions.finalized' (409), 'sessions.deleted' (410), 'sessions.hash-mismatch' (422), 'sessions.invalid-…' (400), 'sessions.timed-out' (408).
   */
  process(chunk: IncomingChunk): Promise<ChunkReceipt>

  /** One chunk as it was posted: opened, and its hash checked, before the end of the body. */
  readChunk(sessionId: string, chunkIndex: number): Promise<ChunkRead>

  /** The `.tlog-proof` of a chunk in the tree as it is now; its `extra` line carries salt, payload hash and metadata. */
  proof(sessionId: string, chunkIndex: number): Promise<string>
  /** Hashes in hex that prove the tree of `from` leaves a prefix of the tree of `to` (the current size when left out). */
  consistency(sessionId: string, from: number, to?: number): Promise<{ from: number; to: number; hashes: string[] }>
  /** A tile or the entries under their C2SP path, undefined when there is none. */
  tile(sessionId: string, path: string): Promise<Uint8Array | undefined>

  /** A signed checkpoint of the tree as it is now, durable before it is given out (SE5). */
  root(sessionId: string): Promise<SessionRoot>
  /** Idempotent. Rejects with 'sessions.incomplete' (409), which lists what is missing. */
  finalize(sessionId: string): Promise<SessionRoot>
  session(sessionId: string): Promise<SessionView>
  sessions(options: { after?: string; limit: number }): Promise<{ sessions: SessionView[]; next?: string }>
  /** Destroys the session's key and removes its chunks; tree, checkpoint and the fact of its deletion stay. Idempotent. */
  delete(sessionId: string): Promise<SessionView>

  /**
   * A request for sessions was refused, by them or before it came to them: it lands in the audit log, unless it is there already. `request` says what was
   * asked, in words that hold no secret.
   */
  recordRefusal(request: Readonly<Record<string, string>>, error: unknown): Promise<void>

  metrics(): SessionMetrics
  close(): Promise<void>
}

export type ChunkRead = {
  readonly receipt: Omit<ChunkReceipt, 'processingMs' | 'repeated'>
  readonly metadata: ChunkMetadata | undefined
  readonly body: AsyncIterable<Uint8Array>
}

/** Bounds as the specification of the settings gives them. */
export type SessionSettings = {
  readonly maxWorkers: number
  /** Chunks that are being received or processed at once; one more is refused with 'sessions.busy'. */
  readonly queueSize: number
  /** A chunk that is not done after this long is given up. */
  readonly workerTimeoutMs: number
  readonly batchSize: number
  readonly pbkdf2Iterations: number
  readonly maxChunkBytes: number
  readonly maxSessionBytes: number
  readonly compressionEnabled: boolean
  readonly compressionLevel: number
}

export type SessionMetrics = {
  readonly chunksProcessed: number
  readonly chunksFailed: number
  readonly chunksRepeated: number
  readonly plainBytes: number
  readonly storedBytes: number
  readonly queueLength: number
  readonly queueSize: number
  readonly workersBusy: number
  readonly workers: number
  readonly openSessions: number
  readonly refused: number
}

/** Told of every root that leaves: finalised sessions, and checkpoints that were asked for. At least once each; it may not throw. */
export type RootListener = (root: SessionRoot & { readonly finalized: boolean }) => Promise<void>
