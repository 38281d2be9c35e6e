import type { AuditLog, SealKey } from '@chronicle/vault'
import type { EventColumns, Refusal } from '../intake/contract.ts'

export type ArchivedKind = 'parquet' | 'heif' | 'quarantine'

/** One entry of the manifest: a file that is in place, whole and verified. */
export type ArchivedFile = {
  /** Relative to the archive's base, with slashes. */
  readonly path: string
  readonly kind: ArchivedKind
  readonly rows?: number | undefined
  readonly pixels?: { readonly width: number; readonly height: number } | undefined
  /** Of the file as it lies there, sealed. */
  readonly bytes: number
  /** Nanoseconds since the epoch as decimal text: JSON has no 64-bit numbers. */
  readonly firstTimestampNs: string
  readonly lastTimestampNs: string
  readonly checksum: string
  readonly algorithm: 'blake3' | 'sha256'
  /** undefined where encryption is off. */
  readonly keyId?: string | undefined
  /** Which source it came from, and which positions of it are in this file and those that were committed with it. */
  readonly source: { readonly id: string; readonly from: number; readonly to: number }
  readonly createdAt: string
}

/** Where events come from: a ring, or a topic of the log. */
export type EventSource = {
  /** Stays the same over restarts, and differs between rings: a ring's id, a topic's id and partition. */
  readonly id: string
  readonly name: string
  /** Records from where the last read ended; undefined when there is none now. Payloads are valid until the next read. */
  read(bytesMax: number): Promise<SourceSlice | undefined>
  /** Called before a manifest names what was read: whatever crashes, no other record gets a position that it names. Of a source that keeps its records in memory first. */
  settle?(): Promise<void>
  /** What lies below `position` is in verified files: the source may forget it. */
  release(position: number): Promise<void>
  /** Goes on behind `position`, which an earlier run committed and perhaps did not get to release. */
  skipTo(position: number): Promise<void>
  backlogBytes(): number
  /** Positions that were gone before this run read them: of a source that keeps records for a time only. */
  lostRecords?(): number
  /** How far this run has read, where positions are not bytes. */
  progress?(): { readonly doneBytes: number; readonly totalBytes: number }
  close(): Promise<void>
}

/** A record that is an Arrow IPC stream, or neighbours that are one event each. */
export type SourceRecord =
  | { readonly kind: 'events'; readonly position: number; readonly payload: Uint8Array }
  | { readonly kind: 'frames'; readonly position: number; readonly payload: Uint8Array }
  | ({ readonly kind: 'rows' } & SourceRows)

/** Records that are one event each, checked and in the order of their positions. */
export type SourceRows = {
  readonly columns: EventColumns
  /** Of each row of `columns`. */
  readonly positions: Float64Array
  readonly refusals: readonly { readonly position: number; readonly refusal: Refusal }[]
  /** Of the records, as they lay in the source. */
  readonly bytes: number
}

export type SourceSlice = {
  readonly records: readonly SourceRecord[]
  readonly damage: readonly { readonly position: number; readonly reason: string; readonly bytes: Uint8Array }[]
  readonly from: number
  readonly next: number
}

/** How files are sealed: a key for each day, by its purpose `archive/YYYY-MM-DD`. */
export type ArchiveKeys = {
  keyFor(day: string): Promise<SealKey>
  key(id: string): Promise<SealKey>
  readonly audit: AuditLog
}

/** What a run did: the last log line of it, and what the metrics count. */
export type RunReport = {
  readonly eventsProcessed: number
  readonly eventsFailed: number
  readonly duplicates: number
  /** Of `eventsFailed`: what lay in the source and was no whole record. */
  readonly damagedRecords: number
  readonly outOfOrder: number
  readonly frames: number
  readonly filesCreated: number
  readonly bytesProcessed: number
  readonly durationMs: number
  /** Why it ended: nothing left, its time was up, it was told to. */
  readonly ended: 'drained' | 'time-limit' | 'stopped'
  /** Offsets of topics whose records were deleted before they were packed; absent where there are none. */
  readonly lostRecords?: number
  /** Of several sources those that could not be packed, or not to their end; absent where there are none. */
  readonly failedSources?: readonly FailedSource[]
}

export type FailedSource = {
  readonly source: string
  /** What it failed with, and what to do, in words. */
  readonly failure: string
}

/** What one commit put in place: the counts of a report, since the commit before. */
export type CommittedGroup = Pick<
  RunReport,
  'eventsProcessed' | 'eventsFailed' | 'duplicates' | 'damagedRecords' | 'frames' | 'filesCreated' | 'bytesProcessed'
> & {
  /** How long each file took, from its first byte until it was verified and in place; one entry a file. */
  readonly storedMs: readonly number[]
}
