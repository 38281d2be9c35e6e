/**
 * Decompression with a bound on what comes out, known before anything is decoded: zlib takes the bound itself; snappy declares
 * its size; an LZ4 block of n bytes cannot hold more than 255 n.
 */
import { createRequire } from 'node:module'
import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import { logErrors } from './errors.ts'

/** The codecs that a batch's attributes name (KIP-98, KIP-110), by number. */
export const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const
export type Codec = (typeof codecs)[number]

const require = createRequire(import.meta.url)
// Native code is megabytes of memory: it is loaded for the first batch that needs it.
const loadSnappy = (): typeof import('snappy') => require('snappy')
const loadLz4 = (): typeof import('lz4-napi') => require('lz4-napi')

/** Throws 'log.invalid-record' for bytes that are not of the codec, 'log.limit' where more than `bytesMax` would come out. */
export function decompress(codec: Codec, bytes: Buffer, bytesMax: number): Buffer {
  // Not within the try: code that cannot be loaded is no fault of the bytes.
  if (codec === 'snappy') loadSnappy()
  else if (codec === 'lz4') loadLz4()
  try {
    if (codec === 'gzip') return gunzipSync(bytes, { maxOutputLength: bytesMax })
    if (codec === 'zstd') return zstdDecompressSync(bytes, { maxOutputLength: bytesMax })
    if (codec === 'snappy') return decompressSnappy(bytes, bytesMax)
    if (codec === 'lz4') return decompressLz4(bytes, bytesMax)
    return bytes
  } catch (error) {
    if (logErrors.is(error)) throw error
    if ((error as { code?: unknown }).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(codec, bytesMax)
    throw logErrors.create('log.invalid-record', { field: 'records', reason: `not valid ${codec}` }, error)
  }
}

const xerialMagic = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00])
/** Magic, version, lowest compatible version. Then blocks: int32 length, raw snappy. */
const xerialHeaderBytes = 16

/** Raw snappy (librdkafka) or xerial's framing (the Java client). */
function decompressSnappy(bytes: Buffer, bytesMax: number): Buffer {
  if (!bytes.subarray(0, 8).equals(xerialMagic)) {
    boundSnappy(bytes, bytesMax)
    return uncompressRaw(bytes)
  }
  const pieces: Buffer[] = []
  let total = 0
  for (let at = xerialHeaderBytes; at < bytes.length; ) {
    const length = at + 4 <= bytes.length ? bytes.readInt32BE(at) : -1
    if (length < 0 || at + 4 + length > bytes.length) {
      throw logErrors.create('log.invalid-record', { field: 'records', reason: 'a snappy block is cut off', at })
    }
    const block = bytes.subarray(at + 4, at + 4 + length)
    total += boundSnappy(block, bytesMax - total)
    pieces.push(uncompressRaw(block))
    at += 4 + length
  }
  return Buffer.concat(pieces, total)
}

function uncompressRaw(bytes: Buffer): Buffer {
  return loadSnappy().uncompressSync(bytes) as Buffer
}

/** What a raw snappy block says that it holds: an unsigned varint at its start. */
function boundSnappy(bytes: Buffer, bytesMax: number): number {
  let declared = 0
  for (let at = 0, factor = 1; at < 5; at++, factor *= 128) {
    const byte = bytes[at]
    if (byte === undefined) break
    declared += (byte & 0x7f) * factor
    if (byte >= 0x80) continue
    if (declared > bytesMax) throw tooLarge('snappy', bytesMax)
    return declared
  }
  throw logErrors.create('log.invalid-record', { field: 'records', reason: 'a snappy block has no valid length' })
}

function decompressLz4(bytes: Buffer, bytesMax: number): Buffer {
  boundLz4(bytes, bytesMax)
  return loadLz4().decompressFrameSync(bytes)
}

const lz4Magic = 0x184d2204
/** No LZ4 sequence yields more than 255 bytes for one of its own. */
const lz4RatioMax = 255
const lz4BlockBytesMax: Readonly<Record<number, number>> = { 4: 65_536, 5: 262_144, 6: 1_048_576, 7: 4_194_304 }

/** Walks the blocks of an LZ4 frame (lz4_Frame_format.md) and adds up the most that each can hold. */
function boundLz4(bytes: Buffer, bytesMax: number): void {
  const invalid = (reason: string) => logErrors.create('log.invalid-record', { field: 'records', reason })
  if (bytes.length < 7 || bytes.readUInt32LE(0) !== lz4Magic) throw invalid('no LZ4 frame')
  const flags = bytes[4]!
  const blockBytesMax = lz4BlockBytesMax[(bytes[5]! >>> 4) & 7]
  if (blockBytesMax === undefined) throw invalid('an LZ4 frame of an unknown block size')
  const hasContentSize = (flags & 0x08) !== 0
  const blockChecksumBytes = (flags & 0x10) !== 0 ? 4 : 0
  let at = 7 + (hasContentSize ? 8 : 0) + ((flags & 0x01) !== 0 ? 4 : 0)
  let total = 0
  for (;;) {
    if (at + 4 > bytes.length) throw invalid('an LZ4 frame without its end mark')
    const size = bytes.readUInt32LE(at)
    if (size === 0) return
    const length = size & 0x7fff_ffff
    const isStored = size >= 0x8000_0000
    total += isStored ? length : Math.min(blockBytesMax, length * lz4RatioMax)
    if (total > bytesMax) throw tooLarge('lz4', bytesMax)
    at += 4 + length + blockChecksumBytes
  }
}

function tooLarge(codec: Codec, bytesMax: number): Error {
  return logErrors.create('log.limit', { limit: 'decompressedBytesMax', codec, accepted: `at most ${bytesMax} bytes` })
}
