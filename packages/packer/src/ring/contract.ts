/**
 * A ring: one file that a recorder writes and the packer reads, at the same time, from two processes. Positions count bytes since the ring was
 * made and never go back; a position modulo the capacity is a place in the file.
 */

export const ringKinds = { events: 1, frames: 2 } as const
export type RingKind = keyof typeof ringKinds

/** One whole record whose checksum was right. `payload` is an Arrow IPC stream: schema, record batches, end. */
export type RingRecord = {
  readonly kind: RingKind
  /** Where it begins, and where the next one does: what `release` takes. */
  readonly position: number
  readonly next: number
  /** Counts the records of a writer from 1 on, over its restarts; a gap is a loss. */
  readonly sequence: number
  readonly payload: Uint8Array
}

/** Bytes that are no whole record: torn by a crash of the machine, or overwritten by a stranger. The reader goes on behind them. */
export type RingDamage = { readonly position: number; readonly next: number; readonly reason: string }

/** What one read brought, in order. `payload`s are views of one buffer that the next read uses again. */
export type RingSlice = {
  readonly records: readonly RingRecord[]
  readonly damage: readonly RingDamage[]
  readonly next: number
}

export type RingStatus = {
  readonly id: string
  readonly capacityBytes: number
  readonly usedBytes: number
  /** What the writer could not write: the ring was full for longer than it waits. */
  readonly lostRecords: number
  readonly lostBytes: number
  readonly isPressed: boolean
  readonly writerPid: number | undefined
}

export type RingReader = {
  readonly path: string
  status(): RingStatus
  /** Whole records from where the last read ended, about `bytesMax` of them and at least one; undefined when there is none. */
  read(bytesMax: number): RingSlice | undefined
  /** Gives everything below `position` back to the writer. Durable is what was made of it: the caller's files, not this. */
  release(position: number): void
  /** Makes durable that what was read was written: after a crash of the machine no other record gets its position. */
  sync(): void
  /** Reads again from what has not been released. */
  rewind(): void
  close(): void
}

export type RingWriter = {
  /**
   * Writes one record, or waits up to `timeoutMs` for room; false, and counted as lost, when there was none. Where it is left out, what the packer
   * has stored in the ring holds (`ring_buffer.write_timeout`).
   */
  write(kind: RingKind, payload: Uint8Array, timeoutMs?: number): Promise<boolean>
  readonly isPressed: boolean
  close(): void
}
