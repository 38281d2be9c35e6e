import { packerErrors } from '../errors.ts'
import { type ExifTexts, parseExif } from './exif.ts'
import { type HeifItem, itemBytes, referrers, xmpContentType } from './heif.ts'
import { itemSize, primaryItem, type Size } from './kept.ts'
import { limitedSharp, sharpReason } from './limited-sharp.ts'
import type { FrameOptions } from './options.ts'
import { parseHeif } from './parse-heif.ts'
import { checkDimensions } from './pixels.ts'
import { checkAtMost, invalidImage } from './refusal.ts'
import { type FrameIdentity, parseXmp } from './xmp.ts'

export type ReadHeif = Size & {
  readonly brands: readonly string[]
  readonly items: readonly { readonly id: number; readonly type: string; readonly bytes: number }[]
  readonly thumbnail?: Size | undefined
  readonly exif?: ExifTexts | undefined
  /** The XMP packet. */
  readonly xmp?: string | undefined
  /** What the packet says, where it was written here. */
  readonly identity?: FrameIdentity | undefined
  /** The pixels were decoded and are as many as the file says. False of HEVC, which has no decoder here, and of tiles. */
  readonly decoded: boolean
}

/** What is escaped in an XMP packet grows: from one byte to seven at most. Around it stands the packet itself. */
const escapedBytesMax = 7
const packetBytes = 1024

/** Opens a file as it was written, to see that it is whole. Throws `packer.frame-unreadable`, which says what is wrong. */
export async function readHeif(bytes: Uint8Array, limits: FrameOptions): Promise<ReadHeif> {
  try {
    return await read(bytes, limits)
  } catch (error) {
    throw packerErrors.create('packer.frame-unreadable', { reason: sharpReason(error) }, error)
  }
}

async function read(bytes: Uint8Array, limits: FrameOptions): Promise<ReadHeif> {
  const heif = parseHeif(bytes)
  const primary = primaryItem(heif)
  const size = itemSize(primary)
  checkDimensions(size.width, size.height, limits)
  const describing = referrers(heif, 'cdsc', heif.primaryId)
  const thumbnail = referrers(heif, 'thmb', heif.primaryId)[0]
  const exif = describing.find(item => item.type === 'Exif')
  const xmpItem = describing.find(item => item.type === 'mime' && item.contentType === xmpContentType)
  const itemBytesMax = limits.metadataBytesMax * escapedBytesMax + packetBytes
  const xmp = xmpItem && joined(xmpItem, itemBytesMax).toString('utf8')
  return {
    ...size,
    brands: heif.brands,
    items: heif.items.map(item => ({ id: item.id, type: item.type, bytes: itemBytes(item) })),
    thumbnail: thumbnail && itemSize(thumbnail),
    exif: exif && parseExif(joined(exif, itemBytesMax)),
    xmp,
    identity: xmp === undefined ? undefined : parseXmp(xmp),
    decoded: primary.type === 'av01' && (await decodes(bytes, primary, limits)),
  }
}

function joined(item: HeifItem, itemBytesMax: number): Buffer {
  checkAtMost(`bytes of item ${item.id}`, itemBytes(item), 'itemBytesMax', itemBytesMax)
  return Buffer.concat(item.extents)
}

/** Decodes the image, of which only the last pixel is kept: that takes no memory for the others in here. */
async function decodes(bytes: Uint8Array, primary: HeifItem, { pixelsMax }: FrameOptions): Promise<boolean> {
  const { width, height } = itemSize(primary)
  const source = { failOn: 'error', limitInputPixels: pixelsMax } as const
  const found = await limitedSharp(bytes, source).metadata()
  const cropped = primary.properties.some(property => property.type === 'clap')
  if (!cropped && (found.width !== width || found.height !== height)) {
    invalidImage(`${width} × ${height} pixels are said, ${found.width} × ${found.height} decoded`)
  }
  const lastPixel = { left: found.width - 1, top: found.height - 1, width: 1, height: 1 }
  await limitedSharp(bytes, source).extract(lastPixel).raw().toBuffer()
  return true
}
