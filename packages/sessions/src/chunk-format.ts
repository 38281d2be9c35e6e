/**
 * What a chunk object holds, once it is opened. The object is sealed as kind 'chunk' at the place `<session id>/<index>`; what is known of a chunk
 * only after its last byte stands at the end, so that a chunk is written in one pass and described by one read of its tail.
 *
 * ```text
 * frames, one behind the other; a chunk without payload has none
 * OFFSET SIZE  FIELD
 *      0    4  payload bytes p: 1 – 262,144
 *      4    4  stored bytes s
 *      8    s  the payload where s = p; a zstd frame (RFC 8878) of it where s < p
 *
 * footer
 * OFFSET SIZE  FIELD
 *      0    m  leaf metadata (leaf.ts)
 *      m   32  salt
 *   m+32   32  SHA-256 of the payload
 *   m+64    8  payload bytes
 *   m+72    8  bytes of all frames
 *   m+80    4  m
 *   m+84    4  magic "CHC1"
 * ```
 *
 * Integers are unsigned and big-endian. Nothing here is checksummed: the seal authenticates every byte.
 */
import { assert } from '@chronicle/base'
import { leafMetadataBytesMax } from './leaf.ts'
import { framePayloadBytesMax } from './limits.ts'

export const frameHeaderBytes = 8
const hashBytes = 32
const saltAt = 0
const hashAt = saltAt + hashBytes
const payloadBytesAt = hashAt + hashBytes
const frameBytesAt = payloadBytesAt + 8
const metadataBytesAt = frameBytesAt + 8
const magicAt = metadataBytesAt + 4
/** The part of the footer whose size is fixed: it ends the content. */
export const footerTailBytes = magicAt + 4
assert(footerTailBytes === 88, 'the fixed part of a footer has 88 bytes')
export const footerBytesMax = leafMetadataBytesMax + footerTailBytes

const magic = 'CHC1'

export type ChunkFooter = {
  /** As it is hashed into the leaf. */
  readonly leafMetadata: Uint8Array
  readonly salt: Uint8Array
  readonly payloadSha256: Uint8Array
  readonly payloadBytes: number
  readonly frameBytes: number
}

export type FrameHeader = { readonly payloadBytes: number; readonly storedBytes: number }

export function encodeFrameHeader({ payloadBytes, storedBytes }: FrameHeader): Buffer {
  assert(payloadBytes > 0 && payloadBytes <= framePayloadBytesMax, 'a frame has 1 to 262,144 bytes of payload')
  assert(storedBytes > 0 && storedBytes <= payloadBytes, 'a frame is stored in no more bytes than its payload has')
  const header = Buffer.allocUnsafe(frameHeaderBytes)
  header.writeUInt32BE(payloadBytes, 0)
  header.writeUInt32BE(storedBytes, 4)
  return header
}

/** undefined where the bytes are no frame header. */
export function decodeFrameHeader(bytes: Buffer): FrameHeader | undefined {
  const payloadBytes = bytes.readUInt32BE(0)
  const storedBytes = bytes.readUInt32BE(4)
  if (payloadBytes === 0 || payloadBytes > framePayloadBytesMax) return undefined
  if (storedBytes === 0 || storedBytes > payloadBytes) return undefined
  return { payloadBytes, storedBytes }
}

export function encodeFooter(footer: ChunkFooter): Buffer {
  const { leafMetadata, salt, payloadSha256, payloadBytes, frameBytes } = footer
  assert(salt.length === hashBytes && payloadSha256.length === hashBytes, 'salt and hash have 32 bytes')
  assert(leafMetadata.length <= leafMetadataBytesMax, 'leaf metadata are within their limit')
  const tail = Buffer.alloc(footerTailBytes)
  tail.set(salt, saltAt)
  tail.set(payloadSha256, hashAt)
  tail.writeBigUInt64BE(BigInt(payloadBytes), payloadBytesAt)
  tail.writeBigUInt64BE(BigInt(frameBytes), frameBytesAt)
  tail.writeUInt32BE(leafMetadata.length, metadataBytesAt)
  tail.write(magic, magicAt, 'latin1')
  return Buffer.concat([leafMetadata, tail])
}

/**
 * The footer at the end of `end`, the last bytes of a content of `contentBytes` bytes: all of them, or at least `footerBytesMax`. undefined where there is none:
 * these bytes were sealed, but by no version that this one knows.
 */
export function decodeFooter(end: Buffer, contentBytes: number): ChunkFooter | undefined {
  if (end.length < footerTailBytes) return undefined
  const tail = end.subarray(end.length - footerTailBytes)
  if (tail.toString('latin1', magicAt) !== magic) return undefined
  const metadataBytes = tail.readUInt32BE(metadataBytesAt)
  const payloadBytes = Number(tail.readBigUInt64BE(payloadBytesAt))
  const frameBytes = Number(tail.readBigUInt64BE(frameBytesAt))
  if (frameBytes + metadataBytes + footerTailBytes !== contentBytes) return undefined
  if (metadataBytes > end.length - footerTailBytes || !Number.isSafeInteger(payloadBytes)) return undefined
  const metadataAt = end.length - footerTailBytes - metadataBytes
  return {
    leafMetadata: end.subarray(metadataAt, metadataAt + metadataBytes),
    salt: tail.subarray(saltAt, hashAt),
    payloadSha256: tail.subarray(hashAt, payloadBytesAt),
    payloadBytes,
    frameBytes,
  }
}
