/**
 * ```text
 * ring file, version 1, little-endian: a header page of 4096 bytes, then the data area of `capacity` bytes
 * OFFSET SIZE  FIELD
 *      0    4  magic "CHRB"
 *      4    2  version (1)
 *      6    2  reserved (0)
 *      8    8  capacity of the data area in bytes, a multiple of 8
 *     16   16  id: random, new for each ring
 *     32    8  created at, milliseconds since the epoch
 *     40   20  reserved (0)
 *     60    4  crc32c of bytes 0–59
 *     64   64  reserved (0)
 *              the writer's words
 *    128    8  write position, a position word
 *    136    8  sequence of the last record, written or lost
 *    144    8  last write, milliseconds since the epoch
 *    152    8  lost records
 *    160    8  lost bytes, of payloads
 *    168    4  process id, 0 when there is no writer
 *    172   84  reserved (0)
 *              the reader's words
 *    256    8  read position, a position word
 *    264    8  back-pressure threshold in bytes
 *    272    4  process id, 0 when there is no reader
 *    276    4  back-pressure flag: 1 while more bytes than the threshold are used (either side sets and clears it)
 *    280    4  write timeout in milliseconds: how long a writer waits for room unless it says otherwise; 0 for 1000
 *    284 3812  reserved (0)
 *   4096    n  data area
 *
 * position word: a position and its check in one 8-byte store
 *  BITS  FIELD
 *  0–49  position / 8
 * 50–63  low 14 bits of the crc32c of the 8 bytes with these bits 0, continued from the ring's salt
 *
 * record, begins at a multiple of 8, never crosses the end of the area
 * OFFSET SIZE  FIELD
 *      0    4  header CRC: crc32c of bytes 4–31, continued from the ring's salt
 *      4    4  payload CRC: crc32c of the payload; 0 in a wrap marker
 *      8    8  position of this header
 *     16    8  sequence
 *     24    4  payload length in bytes
 *     28    2  kind: 1 events, 2 frames, 65535 wrap marker
 *     30    2  reserved (0)
 *     32    n  payload
 *   32+n  0–7  not used, up to a multiple of 8
 * ```
 * Positions count bytes of the data area since the ring was made; position modulo capacity is the place in the area. A record that does not
 * fit before the end of the area goes to its begin, and a wrap marker covers the rest; a rest below 32 bytes is skipped without one. All words that change lie in the first 512
 * bytes, one sector. Those of each side have 128 bytes, a cache line or two, to themselves. The salt is the crc32c of the id: who supplies payloads does not know it, so
 * that no payload can pass for a record.
 */
import { assert, crc32c, crc32cRange } from '@chronicle/base'

export const headerPageBytes = 4096
export const recordHeaderBytes = 32
export const ringVersion = 1
export const wrapKind = 0xffff
const magic = 0x42524843 // "CHRB"
const magicText = 'CHRB'

export const ringCapacityBytesMin = 1024
export const ringCapacityBytesMax = 2 ** 36
/** Keeps all arithmetic on lengths inside 31 bits, whatever the capacity. */
export const payloadBytesCeiling = 2 ** 30

const headerAt = { magic: 0, version: 4, reserved: 6, capacity: 8, id: 16, created: 32, reserved2: 40, crc: 60 }
export const writerAt = { position: 128, sequence: 136, lastWrite: 144, lostRecords: 152, lostBytes: 160, pid: 168 }
export const readerAt = { position: 256, threshold: 264, pid: 272, flag: 276, writeTimeout: 280 }
const recordAt = { headerCrc: 0, payloadCrc: 4, position: 8, sequence: 16, length: 24, kind: 28, reserved: 30 }
assert(headerAt.crc + 4 === 64, 'the constants of a ring take 64 bytes')
assert(readerAt.writeTimeout + 4 <= 512, 'the words of a ring lie in one sector')
assert(recordAt.reserved + 2 === recordHeaderBytes, 'a record header is 32 bytes')

const unitBytes = 8
const checkBits = 14
const unitsHighBits = 50 - 32

export type RingHeader = {
  /** 16 bytes. */
  readonly id: Buffer
  readonly capacityBytes: number
  readonly createdMs: number
}

export type DecodedRingHeader =
  | { readonly state: 'whole'; readonly header: RingHeader }
  | { readonly state: 'foreign' }
  | { readonly state: 'damaged' }
  | { readonly state: 'newer'; readonly version: number }

/** What the CRCs of a ring's records and position words are continued from. */
export function saltOf(id: Buffer): number {
  return crc32c(id)
}

/** A new header page: both positions 0, nobody there. */
export function encodeHeaderPage(header: RingHeader, thresholdBytes: number): Buffer {
  const page = Buffer.alloc(headerPageBytes)
  page.write(magicText, headerAt.magic, 'latin1')
  page.writeUInt16LE(ringVersion, headerAt.version)
  putUint53(page, headerAt.capacity, header.capacityBytes)
  header.id.copy(page, headerAt.id)
  putUint53(page, headerAt.created, header.createdMs)
  page.writeUInt32LE(crc32c(page.subarray(0, headerAt.crc)), headerAt.crc)
  putPositionWord(page, writerAt.position, 0, saltOf(header.id))
  putPositionWord(page, readerAt.position, 0, saltOf(header.id))
  putUint53(page, readerAt.threshold, thresholdBytes)
  return page
}

export function decodeHeaderPage(page: Buffer): DecodedRingHeader {
  if (page.length < headerPageBytes || page.readUInt32LE(headerAt.magic) !== magic) return { state: 'foreign' }
  if (crc32c(page.subarray(0, headerAt.crc)) !== page.readUInt32LE(headerAt.crc)) return { state: 'damaged' }
  const version = page.readUInt16LE(headerAt.version)
  if (version !== ringVersion) return { state: 'newer', version }
  const header = {
    id: Buffer.from(page.subarray(headerAt.id, headerAt.id + 16)),
    capacityBytes: uint53(page, headerAt.capacity),
    createdMs: uint53(page, headerAt.created),
  }
  return isCapacity(header.capacityBytes) ? { state: 'whole', header } : { state: 'damaged' }
}

export function isCapacity(bytes: number): boolean {
  return (
    Number.isInteger(bytes) && bytes >= ringCapacityBytesMin && bytes <= ringCapacityBytesMax && bytes % unitBytes === 0
  )
}

/** Bytes of the area that a record takes: header, payload, up to a multiple of 8. */
export function recordBytes(payloadLength: number): number {
  return (recordHeaderBytes + payloadLength + 7) & ~7
}

/** The largest payload: a record of half the capacity fits into an empty ring wherever its write position stands. */
export function payloadBytesMax(capacityBytes: number): number {
  return Math.min(Math.floor(capacityBytes / 2 / unitBytes) * unitBytes - recordHeaderBytes, payloadBytesCeiling)
}

/** Little-endian, 8 bytes. What is larger than 2^53 loses its low bits. */
export function uint53(bytes: Buffer, at: number): number {
  return bytes.readUInt32LE(at) + bytes.readUInt32LE(at + 4) * 0x1_0000_0000
}

export function putUint53(bytes: Buffer, at: number, value: number): void {
  bytes.writeUInt32LE(value >>> 0, at)
  bytes.writeUInt32LE(Math.floor(value / 0x1_0000_0000), at + 4)
}

/** Writes a position with its check (PR2). */
export function putPositionWord(bytes: Buffer, at: number, position: number, salt: number): void {
  assert(Number.isSafeInteger(position) && position >= 0 && position % unitBytes === 0, 'a position is a multiple of 8')
  putUint53(bytes, at, position / unitBytes)
  const check = crc32cRange(bytes, at, at + 8, salt) & ((1 << checkBits) - 1)
  bytes.writeUInt32LE((bytes.readUInt32LE(at + 4) | (check << unitsHighBits)) >>> 0, at + 4)
}

const wordScratch = Buffer.alloc(8)

/** The position in a word, or undefined where word and check disagree: torn, or not written by a ring's owner (PR2). */
export function positionOf(bytes: Buffer, at: number, salt: number): number | undefined {
  const high = bytes.readUInt32LE(at + 4)
  const units = bytes.readUInt32LE(at) + (high & ((1 << unitsHighBits) - 1)) * 0x1_0000_0000
  putUint53(wordScratch, 0, units)
  const check = crc32cRange(wordScratch, 0, 8, salt) & ((1 << checkBits) - 1)
  return high >>> unitsHighBits === check ? units * unitBytes : undefined
}

export type RecordHeader = {
  readonly position: number
  readonly sequence: number
  readonly length: number
  readonly kind: number
  readonly payloadCrc: number
}

export const recordSequence = (bytes: Buffer, at: number): number => uint53(bytes, at + recordAt.sequence)
export const recordLength = (bytes: Buffer, at: number): number => bytes.readUInt32LE(at + recordAt.length)
export const recordKind = (bytes: Buffer, at: number): number => bytes.readUInt16LE(at + recordAt.kind)
export const recordPayloadCrc = (bytes: Buffer, at: number): number => bytes.readUInt32LE(at + recordAt.payloadCrc)

export function putRecordHeader(bytes: Buffer, at: number, header: RecordHeader, salt: number): void {
  bytes.writeUInt32LE(header.payloadCrc, at + recordAt.payloadCrc)
  putUint53(bytes, at + recordAt.position, header.position)
  putUint53(bytes, at + recordAt.sequence, header.sequence)
  bytes.writeUInt32LE(header.length, at + recordAt.length)
  bytes.writeUInt16LE(header.kind, at + recordAt.kind)
  bytes.writeUInt16LE(0, at + recordAt.reserved)
  bytes.writeUInt32LE(headerCrc(bytes, at, salt), at + recordAt.headerCrc)
}

/** True when the 32 bytes are the header of a record, or of a wrap marker, at `position` of the ring with `salt` (PR1). */
export function isRecordHeader(bytes: Buffer, at: number, position: number, salt: number): boolean {
  // The position first: it fails at once on payloads, zeros and what an earlier lap left behind.
  return (
    bytes.readUInt32LE(at + recordAt.position) === position >>> 0 &&
    uint53(bytes, at + recordAt.position) === position &&
    bytes.readUInt32LE(at + recordAt.headerCrc) === headerCrc(bytes, at, salt)
  )
}

function headerCrc(bytes: Buffer, at: number, salt: number): number {
  return crc32cRange(bytes, at + recordAt.payloadCrc, at + recordHeaderBytes, salt)
}
