/** The plain bytes of one file of an archive, compared on the way with what the manifest says of it (PA9). */
import { messageOf } from '@chronicle/base'
import { checksum, Opener, type SealedKind, type SealKey, vaultErrors } from '@chronicle/vault'
import { packerErrors } from '../errors.ts'
import type { ArchivedFile, ArchivedKind } from './contract.ts'
import type { Disk } from './disk.ts'

const pieceBytes = 1024 * 1024
/** Parquet's own encryption begins so; what is sealed whole does not. */
const modularMagic = 'PARE'

export const sealedKindOf: Readonly<Record<ArchivedKind, SealedKind>> = {
  parquet: 'parquet',
  heif: 'image',
  quarantine: 'file',
}

export type StoredFile = {
  readonly disk: Disk
  /** Where it lies on the disk. */
  readonly absolute: string
  readonly file: ArchivedFile
  /** The one that the manifest names; undefined where it names none. */
  readonly key: SealKey | undefined
}

/** Rejects with `packer.archived-file-…`. One piece is held back until all was compared. */
export async function* plainPieces(stored: StoredFile, onBytes?: (bytes: number) => void): AsyncGenerator<Uint8Array> {
  const { file, key } = stored
  const sum = checksum(file.algorithm)
  const opener = key && new Opener(key, { kind: sealedKindOf[file.kind], place: file.path })
  let bytes = 0
  let waiting: Uint8Array | undefined
  for (const piece of storedPieces(stored)) {
    if (bytes === 0 && opener && isModular(file, piece)) {
      throw packerErrors.create('packer.archived-file-modular', { path: file.path })
    }
    bytes += piece.length
    sum.update(piece)
    onBytes?.(piece.length)
    const plain = opener ? opened(file, () => opener.push(piece)) : piece
    if (plain.length === 0) continue
    if (waiting) yield waiting
    waiting = plain
  }
  const last = opener && opened(file, () => opener.end())
  compare(file, 'bytes', bytes, file.bytes)
  compare(file, 'checksum', sum.digest().toString('hex'), file.checksum)
  if (waiting) yield waiting
  if (last?.length) yield last
}

/** As it lies on the disk; no more than the manifest says. */
function* storedPieces({ disk, absolute, file }: StoredFile): Generator<Buffer> {
  const size = reading(file, () => disk.size(absolute))
  if (size === undefined) throw packerErrors.create('packer.archived-file-missing', { path: file.path })
  compare(file, 'bytes', size, file.bytes)
  const descriptor = reading(file, () => disk.open(absolute))
  try {
    for (let at = 0; at <= file.bytes; ) {
      const piece = Buffer.allocUnsafeSlow(Math.min(pieceBytes, file.bytes - at + 1))
      const length = reading(file, () => disk.read(descriptor, piece, at))
      if (length === 0) return
      yield piece.subarray(0, length)
      at += length
    }
  } finally {
    disk.close(descriptor)
  }
}

function isModular({ kind }: ArchivedFile, begin: Buffer): boolean {
  return kind === 'parquet' && begin.toString('latin1', 0, modularMagic.length) === modularMagic
}

function reading<T>({ path }: ArchivedFile, step: () => T): T {
  try {
    return step()
  } catch (error) {
    const isGone = (error as NodeJS.ErrnoException).code === 'ENOENT'
    if (isGone) throw packerErrors.create('packer.archived-file-missing', { path }, error)
    throw packerErrors.create('packer.archived-file-unreadable', { path, reason: messageOf(error) }, error)
  }
}

/** What the seal refuses is another file than was written. */
function opened(file: ArchivedFile, step: () => Buffer): Buffer {
  try {
    return step()
  } catch (error) {
    if (!vaultErrors.is(error) || error.code === 'vault.newer-version') throw error
    throw damaged(file, `its seal does not hold: ${error.message}`, error)
  }
}

function compare(file: ArchivedFile, what: string, found: string | number, expected: string | number): void {
  if (found !== expected) throw damaged(file, `${what}: found ${found}, the manifest says ${expected}`)
}

export function damaged({ path }: ArchivedFile, reason: string, cause?: unknown) {
  return packerErrors.create('packer.archived-file-damaged', { path, reason }, cause)
}
