/** What an encrypted file is read from, and opened with. */
import type { KeyObject } from 'node:crypto'

export type ParquetSource = {
  /** Bytes of the file. */
  readonly size: number
  /** The bytes from `at` on, `length` of them, or fewer where they end early. May be memory that the next call overwrites. */
  read(at: number, length: number): Uint8Array
}

export type ParquetDecryption = {
  /** The key that the file's key metadata stand for: secret, of 16, 24 or 32 bytes. What it throws goes to the caller. */
  keyOf(keyMetadata: Uint8Array): KeyObject
  /** What the writer bound the file to beside the key. Has to be given where the file does not hold it; where it does, the two have to be the same. */
  readonly aadPrefix?: Uint8Array | undefined
}
