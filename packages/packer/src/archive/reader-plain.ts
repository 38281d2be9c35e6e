/** The plain bytes of one file of an archive, compared on the way with what the manifest says of it (PA9). */
import { messageOf } from '@chronicle/base'
import { checksum, Opener, type SealedKind, type SealKey, vaultErrors } from '@chronicle/vault'
import { packerErrors } from '../errors.ts'
import { decryptParquet } from '../parquet/decrypt.ts'
import { isEncryptedParquet } from '../parquet/encrypted-file.ts'
import type { ArchivedFile, ArchivedKind } from './contract.ts'
import type { Disk } from './disk.ts'
import { sourceOnDisk } from './disk-source.ts'

const pieceBytes = 1024 * 1024
/** What tells Parquet's own encryption from a seal. */
const headBytes = 4

const sealedKindOf: Readonly<Record<ArchivedKind, SealedKind>> = {
  parquet: 'parquet',
  heif: 'image',
  quarantine: 'file',
}

export type StoredFile = {
  readonly disk: Disk
  /** Where it lies on the disk. */
  readonly absolute: string
  readonly file: ArchivedFile
  /** The one that the manifest names; undefined for the bytes as they lie there. */
  readonly key: SealKey | undefined
}

type OnBytes = ((bytes: number) => void) | undefined

/** Rejects with `packer.archived-file-…`. */
export async function* plainPieces(stored: StoredFile, onBytes?: OnBytes): AsyncGenerator<Uint8Array> {
  const { disk, absolute, file, key } = stored
  const size = reading(file, () => disk.size(absolute))
  if (size === undefined) throw packerErrors.create('packer.archived-file-missing', { path: file.path })
  compare(file, 'bytes', size, file.bytes)
  const descriptor = reading(file, () => disk.open(absolute))
  try {
    const isModular = key && file.kind === 'parquet' && isEncryptedParquet(headOf(stored, descriptor))
    if (isModular) yield* modularPieces(stored, key, descriptor, onBytes)
    else yield* comparedPieces(stored, key, descriptor, onBytes)
  } finally {
    disk.close(descriptor)
  }
}

/** What the seal holds, or the bytes themselves. One piece is held back until all was compared. */
function* comparedPieces(
  stored: StoredFile,
  key: SealKey | undefined,
  descriptor: number,
  onBytes: OnBytes,
): Generator<Uint8Array> {
  const { file } = stored
  const sum = checksum(file.algorithm)
  const opener = key && new Opener(key, { kind: sealedKindOf[file.kind], place: file.path })
  let bytes = 0
  let waiting: Uint8Array | undefined
  for (const piece of storedPieces(stored, descriptor)) {
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

/** All bytes are compared before the first module is opened: the footer, which says where they are, stands at the end. */
function* modularPieces(stored: StoredFile, key: SealKey, descriptor: number, onBytes: OnBytes): Generator<Uint8Array> {
  const { file } = stored
  const disk: Disk = { ...stored.disk, read: (...read) => reading(file, () => stored.disk.read(...read)) }
  for (const _ of comparedPieces(stored, undefined, descriptor, onBytes));
  try {
    yield* decryptParquet(sourceOnDisk(disk, descriptor, file.bytes), {
      keyOf: metadata => keyNamed(file, key, metadata),
    })
  } catch (error) {
    if (!packerErrors.is(error) || !error.code.startsWith('packer.parquet-')) throw error
    throw damaged(file, `its encryption does not hold: ${error.message}`, error)
  }
}

/** The file says of itself where it belongs and what opens it (drawn in `run/file-builder.ts`). */
function keyNamed({ path, keyId }: ArchivedFile, { secret }: SealKey, metadata: Uint8Array) {
  const expected = JSON.stringify({ keyId, place: path })
  if (Buffer.from(metadata).toString() === expected) return secret
  const details = { part: 'key metadata', reason: 'they name another key or another place' }
  throw packerErrors.create('packer.parquet-damaged', details)
}

function headOf({ disk, file }: StoredFile, descriptor: number): Buffer {
  const head = Buffer.alloc(headBytes)
  reading(file, () => disk.read(descriptor, head, 0))
  return head
}

/** As it lies on the disk; at most a byte more than the manifest says. */
function* storedPieces({ disk, file }: StoredFile, descriptor: number): Generator<Buffer> {
  for (let at = 0; at <= file.bytes; ) {
    const piece = Buffer.allocUnsafeSlow(Math.min(pieceBytes, file.bytes - at + 1))
    const length = reading(file, () => disk.read(descriptor, piece, at))
    if (length === 0) return
    yield piece.subarray(0, length)
    at += length
  }
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
