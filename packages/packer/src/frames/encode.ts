import { packerErrors } from '../errors.ts'
import type { Frame, Refusal } from '../intake/contract.ts'
import { encodeExif, frameExif } from './exif.ts'
import { type Heif, type HeifItem, type HeifReference, xmpContentType } from './heif.ts'
import { checkEncoded } from './kept.ts'
import { limitedSharp } from './limited-sharp.ts'
import { checkFrameOptions, type FrameOptions } from './options.ts'
import { parseHeif } from './parse-heif.ts'
import { decodePixels, isOpaque, type Pixels, rawPixels } from './pixels.ts'
import { BadFrame, checkAtMost, refusalOf } from './refusal.ts'
import { withIdsAbove, writeHeif } from './write-heif.ts'
import { encodeXmp } from './xmp.ts'

export type EncodedFrame = {
  /** Of a frame that came encoded: its own memory, not a copy. */
  readonly bytes: Uint8Array
  readonly width: number
  readonly height: number
  readonly format: 'heif'
}

/**
 * Makes a HEIF file of a frame (drawn in `heif.ts`), or says why that cannot be: a refusal has a `reason`, a file has none. What came as HEIC, HEIF or AVIF is kept byte for byte (PF3).
 *
 * The frame's memory must stay as it is until the promise resolves. A frame takes about 4 bytes a pixel and what the encoder needs; how many are encoded at once is the
 * caller's choice. Throws `packer.frame-option`, and `packer.frame-not-encoded` where good pixels could not be encoded.
 */
export async function encodeFrame(frame: Frame, options: FrameOptions): Promise<EncodedFrame | Refusal> {
  checkFrameOptions(options)
  try {
    return await encode(frame, options)
  } catch (error) {
    // PF2
    if (error instanceof BadFrame) return refusalOf(frame, error)
    throw error
  }
}

async function encode(frame: Frame, options: FrameOptions): Promise<EncodedFrame> {
  const { format, image, sessionId, eventId, metadata } = frame
  checkAtMost('bytes of the image', image.length, 'imageBytesMax', options.imageBytesMax)
  const metadataBytes = [sessionId, eventId, metadata].reduce((sum, text) => sum + Buffer.byteLength(text), 0)
  checkAtMost('bytes of ids and metadata', metadataBytes, 'metadataBytesMax', options.metadataBytesMax)
  if (format !== 'rgba' && format !== 'png' && format !== 'jpeg') {
    return { bytes: image, ...checkEncoded(format, image, options), format: 'heif' }
  }
  const pixels = format === 'rgba' ? rawPixels(frame, options) : await decodePixels(format, image, options)
  const { width, height } = pixels
  try {
    return { bytes: await encodePixels(pixels, frame, options), width, height, format: 'heif' }
  } catch (error) {
    throw packerErrors.create('packer.frame-not-encoded', { width, height }, error)
  }
}

async function encodePixels(pixels: Pixels, frame: Frame, options: FrameOptions): Promise<Buffer> {
  const { thumbnailPixelsMax } = options
  const opaque = isOpaque(pixels)
  const image = parseHeif(await encodeAvif(pixels, opaque, options))
  // PF5
  if (Math.max(pixels.width, pixels.height) <= thumbnailPixelsMax) return withMetadata(image, undefined, frame)
  const thumbnail = parseHeif(await encodeAvif(pixels, opaque, options, thumbnailPixelsMax))
  return withMetadata(image, thumbnail, frame)
}

/** An AVIF file of all colours of a pixel (4:4:4): text on a screen stays sharp. */
function encodeAvif(pixels: Pixels, opaque: boolean, options: FrameOptions, sidePixelsMax?: number): Promise<Buffer> {
  const { width, height, channels, data } = pixels
  const source = { raw: { width, height, channels }, limitInputPixels: options.pixelsMax }
  const image = limitedSharp(data, source)
  if (opaque && channels % 2 === 0) image.removeAlpha()
  if (sidePixelsMax !== undefined) image.resize(sidePixelsMax, sidePixelsMax, { fit: 'inside' })
  const { quality, effort } = options
  return image.heif({ compression: 'av1', quality, effort, bitdepth: 8, chromaSubsampling: '4:4:4' }).toBuffer()
}

/** One file of the image, its thumbnail, and what says when and of what it is. */
function withMetadata(image: Heif, thumbnail: Heif | undefined, frame: Frame): Buffer {
  const small = thumbnail && withIdsAbove(highestId(image.items), thumbnail)
  const imageItems = [...image.items, ...(small?.items ?? [])]
  const references: HeifReference[] = [...image.references, ...(small?.references ?? [])]
  if (small) references.push({ type: 'thmb', from: small.primaryId, to: [image.primaryId] })

  const exifId = highestId(imageItems) + 1
  const xmpId = exifId + 1
  const exif = described(exifId, 'Exif', encodeExif(frameExif(frame.timestampNs, frame.eventId)))
  const xmp = described(xmpId, 'mime', encodeXmp(frame), xmpContentType)
  for (const from of [exifId, xmpId]) references.push({ type: 'cdsc', from, to: [image.primaryId] })
  return writeHeif({ ...image, items: [...imageItems, exif, xmp], references })
}

function described(id: number, type: string, data: Uint8Array, contentType?: string): HeifItem {
  return { id, type, contentType, hidden: false, properties: [], extents: [data] }
}

function highestId(items: readonly HeifItem[]): number {
  return Math.max(...items.map(item => item.id))
}
