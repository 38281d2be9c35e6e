import type { ArchivedFile, ArchivedKind, ArchiveKeys } from './contract.ts'
import type { Disk } from './disk.ts'
import type { Manifest } from './manifest-file.ts'

export type ArchiveReaderOptions = {
  readonly basePath: string
  /** Authenticate the manifest and open what is sealed; undefined only for an archive that was made without. */
  readonly keys: ArchiveKeys | undefined
  readonly disk?: Disk
}

/** Which files of an archive; what is left out takes all. */
export type ArchiveFilter = {
  readonly kinds?: readonly ArchivedKind[] | undefined
  /** Files with anything in [from, to), in nanoseconds since the epoch. */
  readonly from?: bigint | undefined
  readonly to?: bigint | undefined
  readonly paths?: readonly string[] | undefined
}

/** What an archive holds, for whoever has its keys. */
export type ArchiveReader = {
  readonly basePath: string
  /** As it was at opening: a packer that runs meanwhile adds files, and deletes those whose retention is over. */
  readonly manifest: Manifest
  readonly files: readonly ArchivedFile[]
  /** In the order of the manifest. */
  select(filter: ArchiveFilter): readonly ArchivedFile[]
  /**
   * The plain bytes of a file in pieces of about 1 MiB, each of them authenticated where the file is sealed; the last piece comes only after all was compared with the
   * manifest (PA9). Pieces belong to the caller. `onBytes` is told of bytes that were read.
   *
   * Rejects with `packer.archived-file-missing`, `-removed`, `-damaged`, `-unreadable`, and `vault.key-…` where there is no key.
   */
  plain(file: ArchivedFile, onBytes?: (bytes: number) => void): AsyncIterable<Uint8Array>
  /** Reads a file whole and compares bytes, checksum, seal, rows or pixels, and range with the manifest. Rejects as {@link plain} does. */
  verify(file: ArchivedFile, onBytes?: (bytes: number) => void): Promise<void>
  /** Compares bytes and checksum alone: what can be said without the key. Rejects as {@link plain} does, but for keys. */
  verifyStored(file: ArchivedFile, onBytes?: (bytes: number) => void): Promise<void>
  /** Files in place that the manifest does not name, also not the one that is there by now. A run that is under way may have put them there just now. */
  strays(): Promise<readonly string[]>
}
