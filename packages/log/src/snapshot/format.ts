/**
 * ```text
 * snapshot, version 1, big-endian: a header, sections, an end section
 *
 * header, 32 bytes
 * OFFSET SIZE  FIELD
 *      0    4  magic "CHSN"
 *      4    2  version (1)
 *      6    2  reserved (0)
 *      8    8  lsn: the snapshot stands for all entries of the log below it
 *     16    8  takenAt: milliseconds since 1970
 *     24    4  reserved (0)
 *     28    4  crc32c of bytes 0–27
 *
 * section, 16 bytes and its payload
 * OFFSET SIZE  FIELD
 *      0    4  kind, see `sectionKinds`
 *      4    4  payload length in bytes
 *      8    4  crc32c of the payload
 *     12    4  crc32c of bytes 0–11
 *     16    n  payload
 *
 * end section: kind 255, payload = number of sections before it (4 bytes). Nothing follows.
 * ```
 */
import { assert, crc32c, crc32cRange } from '@chronicle/base'
import { int64At, putInt64 } from '../batch.ts'
import { logErrors } from '../errors.ts'

export const snapshotVersion = 1
export const snapshotHeaderBytes = 32
export const sectionHeaderBytes = 16
/** Sections are cut so that none is longer; one that claims to be is damage. */
export const sectionBytesMax = 64 * 1024 * 1024
const magic = 0x4348534e

export const sectionKinds = {
  metadata: 1,
  topic: 2,
  group: 3,
  offsets: 4,
  pending: 5,
  partition: 6,
  producers: 7,
  aborted: 8,
  blocks: 9,
  end: 255,
} as const

export type SnapshotHeader = { readonly lsn: number; readonly takenAt: number }

export function encodeSnapshotHeader({ lsn, takenAt }: SnapshotHeader): Buffer {
  const bytes = Buffer.alloc(snapshotHeaderBytes)
  bytes.writeUInt32BE(magic, 0)
  bytes.writeUInt16BE(snapshotVersion, 4)
  putInt64(bytes, 8, lsn)
  putInt64(bytes, 16, takenAt)
  bytes.writeUInt32BE(crc32cRange(bytes, 0, 28), 28)
  return bytes
}

/** Throws 'log.snapshot-damaged' for anything but a header of this version. */
export function decodeSnapshotHeader(bytes: Buffer): SnapshotHeader {
  if (bytes.length < snapshotHeaderBytes) throw snapshotDamaged('header', bytes.length, `${snapshotHeaderBytes} bytes`)
  if (bytes.readUInt32BE(0) !== magic) throw snapshotDamaged('magic', bytes.readUInt32BE(0), 'CHSN')
  if (bytes.readUInt32BE(28) !== crc32cRange(bytes, 0, 28))
    throw snapshotDamaged('header crc', bytes.readUInt32BE(28), 'the CRC of the header')
  if (bytes.readUInt16BE(4) !== snapshotVersion)
    throw snapshotDamaged('version', bytes.readUInt16BE(4), `${snapshotVersion}`)
  return { lsn: int64At(bytes, 8), takenAt: int64At(bytes, 16) }
}

/** A section, its header before its payload. */
export type Section = { readonly kind: number; readonly payload: Buffer }

export function encodeSectionHeader(kind: number, payload: Buffer): Buffer {
  assert(payload.length <= sectionBytesMax, `a section of ${payload.length} bytes is too long`)
  const bytes = Buffer.alloc(sectionHeaderBytes)
  bytes.writeUInt32BE(kind, 0)
  bytes.writeUInt32BE(payload.length, 4)
  bytes.writeUInt32BE(crc32c(payload), 8)
  bytes.writeUInt32BE(crc32cRange(bytes, 0, 12), 12)
  return bytes
}

/** Kind and payload length of the section whose header `bytes` begins with, and the CRC that the payload must have. */
export function decodeSectionHeader(bytes: Buffer): { kind: number; length: number; crc: number } {
  if (bytes.length < sectionHeaderBytes) throw snapshotDamaged('section', bytes.length, 'a whole section header')
  if (bytes.readUInt32BE(12) !== crc32cRange(bytes, 0, 12))
    throw snapshotDamaged('section crc', bytes.readUInt32BE(12), 'the CRC of the section header')
  const length = bytes.readUInt32BE(4)
  if (length > sectionBytesMax) throw snapshotDamaged('section length', length, `at most ${sectionBytesMax}`)
  return { kind: bytes.readUInt32BE(0), length, crc: bytes.readUInt32BE(8) }
}

export function snapshotDamaged(field: string, value: number | string, accepted: string, cause?: unknown): Error {
  return logErrors.create('log.snapshot-damaged', { field, value, accepted }, cause)
}
