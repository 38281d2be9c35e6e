/**
 * Exif metadata (CIPA DC-008 / JEITA CP-3451) in the TIFF structure, big-endian, and what stands before it in a HEIF item.
 *
 * ```text
 * OFFSET SIZE  FIELD
 *      0    4  where behind this field the TIFF header is (0; other writers put "Exif\0\0" between)
 *      4    2  "MM": big-endian                                             here offsets begin to count: the TIFF header
 *      6    2  42
 *      8    4  offset of the first directory (8)
 *     12       directory 0: Software, pointer to the Exif directory
 *      …       Exif directory: version, DateTimeOriginal, OffsetTimeOriginal, SubSecTimeOriginal, ImageUniqueID
 *      …       values of more than 4 bytes, each at an even offset
 *
 * directory: count (2), entries of 12 bytes in ascending order of tags, offset of the next directory (4; 0)
 * entry:     tag (2), type (2), count (4), the value where it fits in 4 bytes, otherwise its offset (4)
 * ```
 */
import { Cursor, uint } from './boxes.ts'
import { invalidImage } from './refusal.ts'

const byteOrder = 'MM'
const tiffMagic = 42
const directory0At = 8
const entryBytes = 12
const exifPointer = 0x8769

const types = { ascii: 2, long: 4, undefined: 7 } as const
type Entry = { readonly tag: number; readonly type: number; readonly value: Buffer }

/** Tags that hold text. */
const textTags = {
  Software: 0x0131,
  DateTimeOriginal: 0x9003,
  OffsetTimeOriginal: 0x9011,
  SubSecTimeOriginal: 0x9291,
  ImageUniqueID: 0xa420,
} as const
export type ExifTexts = { readonly [name in keyof typeof textTags]?: string | undefined }

const entriesMax = 256
const nanosecondsPerSecond = 1_000_000_000n

/** The time in UTC to the nanosecond; the id where it is ASCII, which is all that a text of Exif can be. */
export function frameExif(timestampNs: bigint, eventId: string): ExifTexts {
  const second = new Date(Number(timestampNs / nanosecondsPerSecond) * 1000).toISOString()
  return {
    Software: 'Chronicle',
    DateTimeOriginal: `${second.slice(0, 10).replaceAll('-', ':')} ${second.slice(11, 19)}`,
    OffsetTimeOriginal: '+00:00',
    SubSecTimeOriginal: (timestampNs % nanosecondsPerSecond).toString().padStart(9, '0'),
    ImageUniqueID: /^[ -~]+$/.test(eventId) ? eventId : undefined,
  }
}

/** The bytes of an `Exif` item. */
export function encodeExif({ Software, ...texts }: ExifTexts): Buffer {
  const directory0 = Software === undefined ? [] : [asciiEntry('Software', Software)]
  const exifAt =
    directory0At + directoryBytes([...directory0, { tag: exifPointer, type: types.long, value: uint(0, 4) }])
  const pointer = { tag: exifPointer, type: types.long, value: uint(exifAt, 4) }
  const version = { tag: 0x9000, type: types.undefined, value: Buffer.from('0232') }
  const entries = Object.entries(texts).flatMap(([name, value]) => {
    return value === undefined ? [] : [asciiEntry(name as keyof ExifTexts, value)]
  })
  const header = [Buffer.from(byteOrder), uint(tiffMagic, 2), uint(directory0At, 4)]
  const directories = [directory([...directory0, pointer], directory0At), directory([version, ...entries], exifAt)]
  return Buffer.concat([uint(0, 4), ...header, ...directories])
}

/** What an `Exif` item says, of the tags that are written here. */
export function parseExif(item: Uint8Array): ExifTexts {
  const cursor = new Cursor(item, 'Exif')
  cursor.take(cursor.uint(4))
  const tiff = cursor.take(cursor.left)
  const header = new Cursor(tiff, 'Exif')
  if (header.take(2).some((byte, at) => byte !== byteOrder.charCodeAt(at)) || header.uint(2) !== tiffMagic) {
    // Little-endian is as good, but not written here.
    return {}
  }
  const first = readDirectory(tiff, header.uint(4))
  const pointer = first.find(entry => entry.tag === exifPointer)
  const entries = pointer ? [...first, ...readDirectory(tiff, pointer.value.readUInt32BE())] : first
  const found = Object.entries(textTags).map(([name, tag]) => {
    const entry = entries.find(candidate => candidate.tag === tag && candidate.type === types.ascii)
    return [name, entry?.value.toString('latin1').replace(/\0.*$/s, '')]
  })
  return Object.fromEntries(found)
}

function asciiEntry(name: keyof ExifTexts, value: string): Entry {
  return { tag: textTags[name], type: types.ascii, value: Buffer.from(`${value}\0`, 'latin1') }
}

function directoryBytes(entries: readonly Entry[]): number {
  return entries.reduce((sum, { value }) => sum + outsideBytes(value), 2 + entries.length * entryBytes + 4)
}

/** Room of a value behind the entries: none where it fits in its entry. */
function outsideBytes({ length }: Buffer): number {
  return length <= 4 ? 0 : length + (length % 2)
}

/** A directory that begins at `at`, and its values right behind it. */
function directory(entries: readonly Entry[], at: number): Buffer {
  const sorted = entries.toSorted((a, b) => a.tag - b.tag)
  const bytes = Buffer.alloc(directoryBytes(sorted))
  bytes.writeUInt16BE(sorted.length)
  let valueAt = 2 + sorted.length * entryBytes + 4
  for (const [index, { tag, type, value }] of sorted.entries()) {
    const entryAt = 2 + index * entryBytes
    bytes.writeUInt16BE(tag, entryAt)
    bytes.writeUInt16BE(type, entryAt + 2)
    bytes.writeUInt32BE(type === types.long ? 1 : value.length, entryAt + 4)
    const outside = outsideBytes(value)
    value.copy(bytes, outside === 0 ? entryAt + 8 : valueAt)
    if (outside > 0) bytes.writeUInt32BE(at + valueAt, entryAt + 8)
    valueAt += outside
  }
  return bytes
}

function readDirectory(tiff: Uint8Array, at: number): Entry[] {
  const cursor = new Cursor(tiff, 'Exif')
  cursor.take(at)
  const count = cursor.uint(2)
  if (count > entriesMax) invalidImage(`Exif: a directory of ${count} entries`)
  return Array.from({ length: count }, () => {
    const [tag, type, length] = [cursor.uint(2), cursor.uint(2), cursor.uint(4)]
    const inside = cursor.take(4)
    if (type !== types.ascii || length <= 4) return { tag, type, value: Buffer.from(inside) }
    const outside = new Cursor(tiff, 'Exif')
    outside.take(new Cursor(inside, 'Exif').uint(4))
    return { tag, type, value: Buffer.from(outside.take(length)) }
  })
}
