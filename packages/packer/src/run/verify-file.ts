/**
 * Reads a file again that was just written, from the disk, and compares it with what was written (PA4):
 *
 * | file | compared |
 * |---|---|
 * | all | size and checksum of its bytes |
 * | sealed | the seal holds; checksum of its plain bytes |
 * | Parquet with modular encryption | every module opens at its place |
 * | Parquet | the footer's rows and range of times |
 */
import { type ChecksumAlgorithm, checksum, Opener, type SealedKind, type SealKey } from '@chronicle/vault'
import type { Disk } from '../archive/disk.ts'
import { sourceOnDisk } from '../archive/disk-source.ts'
import { readParquetSummary } from '../archive/footer-reader.ts'
import { Tail } from '../archive/tail.ts'
import { packerErrors } from '../errors.ts'
import { letGo } from '../memory.ts'
import { decryptParquet } from '../parquet/decrypt.ts'

const readBytes = 256 * 1024

export type WrittenFile = {
  /** Where it lies on the disk. */
  readonly path: string
  /** Path relative to the archive's base: what the seal binds it to. */
  readonly place: string
  readonly algorithm: ChecksumAlgorithm
  readonly bytes: number
  readonly checksum: string
  /** Of a file that is sealed whole: what it is sealed with, and the checksum of what was sealed. */
  readonly sealed?: { readonly key: SealKey; readonly kind: SealedKind; readonly checksum: string } | undefined
  /** Of a Parquet file. */
  readonly parquet?: WrittenParquet | undefined
}

export type WrittenParquet = {
  readonly rows: number
  readonly first: bigint
  readonly last: bigint
  readonly footerBytes: number
  /** Of a file with modular encryption. */
  readonly modularKey?: SealKey | undefined
}

/** Throws `packer.verification-failed`, and what the vault says of a seal. */
export function verifyFile(written: WrittenFile, disk: Disk): void {
  const file = disk.open(written.path)
  try {
    const tail = compareBytes(written, disk, file)
    if (written.parquet) compareParquet(written, written.parquet, disk, file, tail)
  } catch (error) {
    if (!packerErrors.is(error) || !error.code.startsWith('packer.parquet-')) throw error
    const details = { path: written.place, reason: error.message }
    throw packerErrors.create('packer.verification-failed', details, error)
  } finally {
    disk.close(file)
  }
}

/** The end of the plain bytes, or of all bytes of a file that is not sealed whole. */
function compareBytes(written: WrittenFile, disk: Disk, file: number): Tail {
  const { sealed, algorithm, place } = written
  const stored = checksum(algorithm)
  const plain = sealed && checksum(algorithm)
  const opener = sealed && new Opener(sealed.key, { kind: sealed.kind, place })
  const tail = new Tail(written.parquet?.footerBytes ?? 0)
  const take = (piece: Uint8Array) => {
    plain?.update(piece)
    tail.push(piece)
  }
  let bytes = 0
  for (const piece of piecesOf(disk, file)) {
    stored.update(piece)
    bytes += piece.length
    const opened = opener?.push(piece)
    take(opened ?? piece)
    if (opened) letGo(opened)
  }
  if (opener) take(opener.end())
  compare(written, 'bytes', bytes, written.bytes)
  compare(written, 'checksum', stored.digest().toString('hex'), written.checksum)
  if (plain) compare(written, 'content', plain.digest().toString('hex'), sealed.checksum)
  return tail
}

function compareParquet(
  written: WrittenFile,
  { rows, first, last, footerBytes, modularKey }: WrittenParquet,
  disk: Disk,
  file: number,
  end: Tail,
): void {
  const tail = modularKey ? plainTail(sourceOnDisk(disk, file, written.bytes), modularKey, footerBytes) : end
  const found = readParquetSummary(tail.bytes())
  compare(written, 'rows', found.rows, rows)
  compare(written, 'first', `${found.range?.first ?? first}`, `${first}`)
  compare(written, 'last', `${found.range?.last ?? last}`, `${last}`)
}

/** The plain footer is never longer than the encrypted one: its places and sizes are smaller. */
function plainTail(source: ReturnType<typeof sourceOnDisk>, { secret }: SealKey, footerBytes: number): Tail {
  const tail = new Tail(footerBytes)
  for (const piece of decryptParquet(source, { keyOf: () => secret })) {
    tail.push(piece)
    letGo(piece)
  }
  return tail
}

function* piecesOf(disk: Disk, file: number): Iterable<Uint8Array> {
  const buffer = Buffer.allocUnsafeSlow(readBytes)
  for (let at = 0; ; ) {
    const length = disk.read(file, buffer, at)
    if (length === 0) return
    yield buffer.subarray(0, length)
    at += length
  }
}

function compare({ place }: WrittenFile, what: string, found: string | number, written: string | number): void {
  if (found === written) return
  throw packerErrors.create('packer.verification-failed', { path: place, what, found, written })
}
