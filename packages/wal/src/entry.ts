/**
 * ```text
 * entry, version 1, big-endian, begins at a multiple of 8
 * OFFSET SIZE  FIELD
 *      0    4  header CRC: crc32c of bytes 4–31, continued from the log's salt
 *      4    4  payload CRC: crc32c of the payload
 *      8    8  lsn: position of this header
 *     16    4  payload length in bytes
 *     20    4  stream: whose entry it is; the log above gives it meaning
 *     24    4  unsynced: lsn − durable lsn when this header was made
 *     28    1  kind: below 16 the log's own
 *     29    1  version (1)
 *     30    2  reserved (0)
 *     32    n  payload
 *   32+n  0–7  zeros up to a multiple of 8
 * ```
 * The lsn makes stale bytes of a recycled or torn file self-evident. The salt (see `header.ts`) is not known to those who
 * send payloads, so no payload can pass for an entry. `unsynced` is what recovery tells a torn tail from damage by.
 * A pad takes at most {@link padEntryBytesMax} of log: whoever stands inside of one finds its header not far before.
 */
import { assert, crc32cRange } from '@chronicle/base'

export const entryHeaderBytes = 32
export const entryVersion = 1
/** Kinds below are the log's own, see {@link ownKinds}. */
export const entryKindMin = 16
/** Largest payload of an entry: keeps all arithmetic inside 31 bits. */
export const payloadBytesCeiling = 2 ** 30

/** The largest pad, header included. */
export const padEntryBytesMax = 128 * 1024

/**
 * Kind of an entry that stands for others that were lost and given up by a repair. Its stream is 0, its payload means
 * nothing. Several may follow each other.
 */
export const lostEntry = 1

export const ownKinds = {
  /** Fills a stretch whose entries are lost (`chronicle fsck --repair`); its payload is not checked. */
  pad: lostEntry,
  /** Written when the log falls idle: all before it was durable. */
  mark: 2,
  /** The last entry of a sealed log. */
  seal: 3,
  /** The log was closed in good order; entries may follow after the next start. */
  close: 4,
} as const

const at = {
  headerCrc: 0,
  payloadCrc: 4,
  lsn: 8,
  payloadLength: 16,
  stream: 20,
  unsynced: 24,
  kind: 28,
  version: 29,
  reserved: 30,
}
assert(at.reserved + 2 === entryHeaderBytes, 'an entry header is 32 bytes')

export const entryKind = (bytes: Buffer, header: number): number => bytes[header + at.kind]!
export const entryStream = (bytes: Buffer, header: number): number => bytes.readUInt32BE(header + at.stream)
export const entryLsn = (bytes: Buffer, header: number): number =>
  bytes.readUInt32BE(header + at.lsn) * 0x1_0000_0000 + bytes.readUInt32BE(header + at.lsn + 4)
export const entryPayloadLength = (bytes: Buffer, header: number): number =>
  bytes.readUInt32BE(header + at.payloadLength)
export const entryPayloadStart = (header: number): number => header + entryHeaderBytes
/** Where the next header is. */
export const entryNext = (bytes: Buffer, header: number): number =>
  header + entryBytes(bytes.readUInt32BE(header + at.payloadLength))
export const entryPayloadCrc = (bytes: Buffer, header: number): number => bytes.readUInt32BE(header + at.payloadCrc)
export const entryUnsynced = (bytes: Buffer, header: number): number => bytes.readUInt32BE(header + at.unsynced)
export const entryFormatVersion = (bytes: Buffer, header: number): number => bytes[header + at.version]!

/** Bytes of log that an entry takes: header, payload, zeros up to a multiple of 8. */
export function entryBytes(payloadLength: number): number {
  return (entryHeaderBytes + payloadLength + 7) & ~7
}

/** Writes a header; the payload and its trailing zeros are the caller's. */
export function putEntryHeader(
  bytes: Buffer,
  header: number,
  salt: number,
  lsn: number,
  unsynced: number,
  stream: number,
  kind: number,
  payloadLength: number,
  payloadCrc: number,
): void {
  bytes.writeUInt32BE(payloadCrc, header + at.payloadCrc)
  bytes.writeUInt32BE(Math.floor(lsn / 0x1_0000_0000), header + at.lsn)
  bytes.writeUInt32BE(lsn >>> 0, header + at.lsn + 4)
  bytes.writeUInt32BE(payloadLength, header + at.payloadLength)
  bytes.writeUInt32BE(stream, header + at.stream)
  bytes.writeUInt32BE(unsynced, header + at.unsynced)
  bytes[header + at.kind] = kind
  bytes[header + at.version] = entryVersion
  bytes.writeUInt16BE(0, header + at.reserved)
  bytes.writeUInt32BE(headerCrc(bytes, header, salt), header + at.headerCrc)
}

/** True when the 32 bytes are the header of an entry at `lsn` of the log with `salt`, of whatever version (W6). */
export function isEntryHeader(bytes: Buffer, header: number, salt: number, lsn: number): boolean {
  // The position first: it fails at once on zeros and on what an earlier use of the file left behind.
  return (
    bytes.readUInt32BE(header + at.lsn + 4) === lsn >>> 0 &&
    entryLsn(bytes, header) === lsn &&
    bytes.readUInt32BE(header + at.headerCrc) === headerCrc(bytes, header, salt) &&
    entryPayloadLength(bytes, header) <= payloadBytesCeiling
  )
}

function headerCrc(bytes: Buffer, header: number, salt: number): number {
  return crc32cRange(bytes, header + at.payloadCrc, header + entryHeaderBytes, salt)
}
