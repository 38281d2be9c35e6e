/**
 * ```text
 * file of the log: a header of 4096 bytes, then entries without a gap
 * file header, version 1, big-endian; a copy of the first 64 bytes stands at 2048
 * OFFSET SIZE  FIELD
 *      0    4  magic "CHW1"
 *      4    2  version (1)
 *      6    2  reserved (0)
 *      8   16  the log's UUID, the same in all its files
 *     24    8  first lsn: position of the first entry; the file is named after it
 *     32    8  previous lsn: first lsn of the file before, all ones in the log's first file
 *     40    8  created at, milliseconds since the epoch
 *     48   12  reserved (0)
 *     60    4  crc32c of bytes 0–59
 * ```
 * Positions count entries only: the entry at `lsn` is at byte 4096 + lsn − first lsn, and a file ends where the next one
 * begins. A file is begun only once all before it is durable (W3): of all files only the last may have a torn tail.
 */
import { assert, crc32c } from '@chronicle/base'

export const fileHeaderBytes = 4096
const copyAt = 2048
const coreBytes = 64
const version = 1
const magic = 0x43485731 // "CHW1"

const at = { magic: 0, version: 4, uuid: 8, firstLsn: 24, previousLsn: 32, createdAt: 40, reserved: 48, crc: 60 }
assert(at.crc + 4 === coreBytes, 'the core of a file header is 64 bytes')

export type FileHeader = {
  /** 16 bytes. */
  readonly uuid: Buffer
  readonly firstLsn: number
  /** Undefined in the first file of a log. */
  readonly previousLsn: number | undefined
  readonly createdAt: number
}

export type DecodedHeader =
  | { readonly state: 'whole'; readonly header: FileHeader }
  | { readonly state: 'damaged' }
  | { readonly state: 'newer'; readonly version: number }

/** What the CRCs of a log's entry headers are continued from. */
export function saltOf(uuid: Buffer): number {
  return crc32c(uuid)
}

export function encodeFileHeader(header: FileHeader): Buffer {
  const bytes = Buffer.alloc(fileHeaderBytes)
  bytes.writeUInt32BE(magic, at.magic)
  bytes.writeUInt16BE(version, at.version)
  header.uuid.copy(bytes, at.uuid)
  bytes.writeBigUInt64BE(BigInt(header.firstLsn), at.firstLsn)
  bytes.writeBigInt64BE(BigInt(header.previousLsn ?? -1), at.previousLsn)
  bytes.writeBigUInt64BE(BigInt(header.createdAt), at.createdAt)
  bytes.writeUInt32BE(crc32c(bytes.subarray(0, at.crc)), at.crc)
  bytes.copy(bytes, copyAt, 0, coreBytes)
  return bytes
}

/** Decodes the first {@link fileHeaderBytes} of a file; fewer are damage. */
export function decodeFileHeader(bytes: Buffer): DecodedHeader {
  return bytes.length < fileHeaderBytes ? { state: 'damaged' } : decodeCore(bytes)
}

/** The same from the copy, for repair. */
export function decodeHeaderCopy(bytes: Buffer): DecodedHeader {
  return decodeCore(bytes.subarray(Math.min(copyAt, bytes.length)))
}

function decodeCore(bytes: Buffer): DecodedHeader {
  if (bytes.length < coreBytes || bytes.readUInt32BE(at.magic) !== magic) return { state: 'damaged' }
  if (crc32c(bytes.subarray(0, at.crc)) !== bytes.readUInt32BE(at.crc)) return { state: 'damaged' }
  if (bytes.readUInt16BE(at.version) !== version) return { state: 'newer', version: bytes.readUInt16BE(at.version) }
  const previousLsn = Number(bytes.readBigInt64BE(at.previousLsn))
  const header = {
    uuid: Buffer.from(bytes.subarray(at.uuid, at.uuid + 16)),
    firstLsn: Number(bytes.readBigUInt64BE(at.firstLsn)),
    previousLsn: previousLsn === -1 ? undefined : previousLsn,
    createdAt: Number(bytes.readBigUInt64BE(at.createdAt)),
  }
  return { state: 'whole', header }
}
