/**
 * The one contract of everything durable: an append-only sequence of entries that can be sealed and trimmed.
 * It is implemented over a local disk; a bucket can stand where the disk stands.
 *
 * A position (LSN, log sequence number) is the number of bytes of log before an entry's header; it only grows,
 * over all files, and stays below 2^53. Entries follow each other without a gap: the next one is at `entryNext`, and what
 * comes after a slice is at `slice.lsn + (slice.end - slice.start)`, also where a file ends. Among them are entries of the
 * log's own (kinds below 16: marks, the close of an earlier run), which readers step over and replay does not tell, but for
 * one: `lostEntry` stands where entries were lost and a repair gave them up. Readers and replay are shown it, so that they can
 * tell a loss from an error; its stream is 0 and its payload means nothing.
 */
export type Wal = {
  /** Position of the oldest entry that may still be read. */
  readonly startLsn: number
  /** Everything below is durable. */
  readonly durableLsn: number
  /** Position of the next entry; the log may put one of its own there first, so rely on what `append` returns. */
  readonly endLsn: number
  /** Why appends are refused for good (sealed, failed), or undefined while they are accepted. */
  readonly refusal: Error | undefined
  /** Why appends are refused for now (the disk is nearly full), or undefined. Goes away by itself when the cause does. */
  readonly hindrance: Error | undefined

  /**
   * False while unsynced bytes are at their limit: the caller holds its input back until
   * `whenReady` resolves. An append while false is still taken (requests under way are finished), up to a
   * hard limit. A log that refuses, for good or for now (a full disk may last for hours), is ready: its next append says why.
   */
  readonly ready: boolean
  whenReady(): Promise<void>

  /**
   * Copies one entry into the group that is gathering and returns its position; returns before it is durable.
   * `payloadCrc` is the CRC-32C of `payload`, which the caller has usually computed anyway.
   * Throws a typed error when the log is sealed, failed or full, and then nothing was taken. Kinds are 16 to 255.
   * An entry that `frees` (a deletion) is also taken on a nearly full disk, from a reserve: without it nothing could be given back.
   */
  append(stream: number, kind: number, payload: Uint8Array, payloadCrc: number, frees?: boolean): number

  /**
   * Resolves once all that has been appended so far is durable; rejects if it cannot become so. One promise is shared by
   * a whole group. It settles after `onDurable` has been told.
   */
  flushed(): Promise<void>

  /**
   * Whole entries from the entry at `lsn` on, up to `bytesMax` or somewhat fewer (at least one entry, however large), never
   * past `durableLsn`; an empty slice at `durableLsn`. Where the entry at `lsn` was lost and the loss repaired, the slice
   * begins behind it: its `lsn` is then larger than the one that was asked for.
   * Answers at once from memory or the page cache, with a promise where the disk must be waited for. Headers are
   * always verified, payloads of `stream` too (of all streams when undefined); damage is a typed error naming file and offset.
   */
  read(lsn: number, bytesMax: number, stream?: number): Slice | Promise<Slice>

  /** Ends the log durably: from then on every append fails, this writer's and any other's, also after it is opened again. */
  seal(): Promise<void>

  /** Says that nothing below `lsn` will be read again; whole files below it are deleted or recycled. */
  trim(lsn: number): Promise<void>

  /** Flushes what was accepted and releases the log. */
  close(): Promise<void>
}

/**
 * A stretch of log: whole entries, `bytes[start]` being the header of the one at `lsn`. The bytes stay as they are
 * until `release` is called, exactly once.
 */
export type Slice = {
  readonly bytes: Buffer
  readonly start: number
  readonly end: number
  readonly lsn: number
  release(): void
}

/**
 * Called for each entry of a kind from 16 on, and for each `lostEntry`, during recovery, in order. `payload` is a view, valid only
 * during the call; that of a `lostEntry` is empty. The first one told may begin before the position asked for, if it is a `lostEntry`.
 */
export type ReplayVisitor = (lsn: number, stream: number, kind: number, payload: Buffer) => void

export type WalEvents = {
  /** Everything below `durableLsn` is durable now. Called synchronously, before any promise of `flushed` resolves. */
  onDurable(durableLsn: number): void
  /** The log has failed for good: nothing that is not yet durable ever will be. */
  onFailed(error: Error): void
}
