/** From an image as it comes to pixels in memory, 8 bits a channel in sRGB. Everything that can be told from a header is checked before any pixel is decoded (PF1). */
import type { Frame } from '../intake/contract.ts'
import { limitedSharp, sharpReason } from './limited-sharp.ts'
import type { FrameOptions } from './options.ts'
import { BadFrame, checkAtMost, invalidImage } from './refusal.ts'

export type Pixels = {
  readonly width: number
  readonly height: number
  /** Gray, gray and alpha, RGB, RGB and alpha. */
  readonly channels: 1 | 2 | 3 | 4
  readonly data: Uint8Array
}

type Limits = Pick<FrameOptions, 'pixelsMax' | 'sidePixelsMax'>

const rgbaBytes = 4

/** Only the decoder of the format that was said ever sees the bytes: how a file of it begins. */
const signatures = {
  png: [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a],
  jpeg: [0xff, 0xd8, 0xff],
} as const

export function checkDimensions(width: number, height: number, { pixelsMax, sidePixelsMax }: Limits): void {
  if (width === 0 || height === 0) invalidImage(`the image has ${width} × ${height} pixels`)
  checkAtMost(
    `pixels a side of an image of ${width} × ${height}`,
    Math.max(width, height),
    'sidePixelsMax',
    sidePixelsMax,
  )
  checkAtMost(`pixels of an image of ${width} × ${height}`, width * height, 'pixelsMax', pixelsMax)
}

/** Takes raw pixels as they are, but for the padding of their rows. */
export function rawPixels({ raw, image }: Pick<Frame, 'raw' | 'image'>, limits: Limits): Pixels {
  if (!raw) invalidImage('an image of format rgba comes without width, height and stride')
  const { width, height, stride } = raw
  for (const [field, value] of Object.entries(raw)) {
    if (!Number.isSafeInteger(value) || value < 0) invalidImage(`${field}: ${value}, accepted is a whole number`)
  }
  checkDimensions(width, height, limits)
  const rowBytes = width * rgbaBytes
  if (stride < rowBytes)
    invalidImage(`stride: ${stride} bytes, accepted is ${rowBytes} or more for a width of ${width}`)
  // Some capture interfaces leave out the padding of the last row.
  const [least, most] = [stride * (height - 1) + rowBytes, stride * height]
  if (image.length < least || image.length > most) {
    invalidImage(`image: ${image.length} bytes, accepted is ${least} to ${most} for ${height} rows of ${stride} bytes`)
  }
  if (stride === rowBytes) return { width, height, channels: rgbaBytes, data: image }
  const data = Buffer.allocUnsafeSlow(rowBytes * height)
  for (let row = 0; row < height; row++) data.set(image.subarray(row * stride, row * stride + rowBytes), row * rowBytes)
  return { width, height, channels: rgbaBytes, data }
}

/** Decodes the first picture of a PNG or JPEG, upright. Colours of an embedded profile become those of sRGB. */
export async function decodePixels(format: 'png' | 'jpeg', image: Uint8Array, limits: Limits): Promise<Pixels> {
  if (signatures[format].some((byte, at) => image[at] !== byte))
    invalidImage(`the image does not begin like one of format ${format}`)
  // The limit of the library stays on, behind ours.
  const source = { failOn: 'error', limitInputPixels: limits.pixelsMax, autoOrient: true } as const
  try {
    const header = await limitedSharp(image, { ...source, limitInputPixels: false }).metadata()
    checkDimensions(header.width, header.height, limits)
    const { data, info } = await limitedSharp(image, source)
      .toColourspace('srgb')
      .raw()
      .toBuffer({ resolveWithObject: true })
    return { width: info.width, height: info.height, channels: info.channels as Pixels['channels'], data }
  } catch (error) {
    throw error instanceof BadFrame ? error : new BadFrame('invalid-image', `${format}: ${sharpReason(error)}`, error)
  }
}

/** Whether every pixel is: then the alpha says nothing, and is left out. */
export function isOpaque({ channels, data }: Pixels): boolean {
  if (channels === 1 || channels === 3) return true
  for (let at = channels - 1; at < data.length; at += channels) if (data[at] !== 0xff) return false
  return true
}
