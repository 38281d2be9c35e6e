/**
 * The file operations that the log needs, as an argument, so that a simulated disk can lose, tear, reorder and refuse.
 * Errors are those of node:fs (`code` ENOSPC, EIO, ENOENT, …).
 */
export type Disk = {
  /** Creates `directory` and its parents. */
  makeDirectory(directory: string): void
  /** Names of the files in `directory`, unsorted. */
  list(directory: string): string[]
  /** Opens for reading and writing; with `create` makes the file and fails with EEXIST where there is one. */
  open(path: string, mode: 'read' | 'write' | 'create'): DiskFile
  rename(from: string, to: string): void
  remove(path: string): void
  /** Makes creations, renames and removals in `directory` durable. */
  syncDirectory(directory: string): Promise<void>
  /** Bytes free to this process on the file system of `directory`. */
  freeBytes(directory: string): Promise<number>
}

export type DiskFile = {
  readonly path: string
  size(): number
  /** Writes all of `pieces` one after the other at `position`, into the page cache. May fail having written a part. */
  writeSync(pieces: readonly Uint8Array[], position: number): void
  /** The same in the background, for long writes that nobody waits for. */
  write(pieces: readonly Uint8Array[], position: number): Promise<void>
  /** Reads up to `length` bytes into `target` at `targetStart`; returns how many (0 at the end of the file). */
  readSync(target: Uint8Array, targetStart: number, length: number, position: number): number
  read(target: Uint8Array, targetStart: number, length: number, position: number): Promise<number>
  truncate(length: number): void
  /** fdatasync(2): contents and size are durable when it resolves. After a rejection nothing since the last success is. */
  datasync(): Promise<void>
  close(): void
}
