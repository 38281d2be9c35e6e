/** From the bytes of an image to what is known of it. What its header tells is checked before a pixel is decoded (CS7). */
import type { Sharp } from 'sharp'
import { countCells, type RgbImage } from './cells.ts'
import type { ImageFacts, ImageLimits, ImageMeasures, ImageRefusal } from './contract.ts'
import { dominantColors } from './dominant-colors.ts'
import { type ImageFormat, imageFormatOf, imageFormats } from './format.ts'
import { limitedSharp, sharpReason } from './limited-sharp.ts'
import { textDensity } from './text-density.ts'
import { countUiElements } from './ui-elements.ts'

/** A full HD screen is measured as it is; a larger one at a half, a third, … of its size, where its text is still as large as on that one. */
const measuredPixelsMax = 1920 * 1088

const rgbChannels = 3

/**
 * Never rejects because of what the bytes are: what cannot be told of them is absent, and says why. Decodes on a thread of the image library, holds
 * at most `measuredPixelsMax` pixels of 3 bytes besides what the decoder needs (of an image with alpha all pixels, for a moment), and calls `pause` between pieces of work to let other work go on.
 */
export async function measureImage(
  image: Uint8Array,
  limits: ImageLimits,
  pause: () => Promise<void>,
): Promise<ImageFacts> {
  const format = imageFormatOf(image)
  if (!format) {
    const detail = `the image does not begin like one of format ${imageFormats.join(', ')}`
    return { refusal: { reason: 'unknown-format', detail } }
  }
  try {
    return { format, ...(await look(image, format, limits, pause)) }
  } catch (error) {
    return { format, refusal: refusalOf(error, format, limits) }
  }
}

async function look(image: Uint8Array, format: ImageFormat, limits: ImageLimits, pause: () => Promise<void>) {
  const { width, height, hasAlpha } = await limitedSharp(image, {
    ...limits,
    pixelsMax: Number.MAX_SAFE_INTEGER,
  }).metadata()
  const size = { width, height }
  if (width * height > limits.pixelsMax) {
    const detail = `the image has ${width} × ${height} pixels, accepted are ${limits.pixelsMax}`
    return { ...size, refusal: { reason: 'too-many-pixels', detail } as const }
  }
  try {
    const pixels = await decode(image, { width, height, hasAlpha }, limits)
    return { ...size, measures: await overwritten(pixels, () => measure(pixels, pause)) }
  } catch (error) {
    return { ...size, refusal: refusalOf(error, format, limits) }
  }
}

async function measure(pixels: RgbImage, pause: () => Promise<void>): Promise<ImageMeasures> {
  const cells = await countCells(pixels, pause)
  return {
    textDensity: textDensity(pixels, cells),
    dominantColors: dominantColors(pixels),
    uiElementCount: countUiElements(cells),
  }
}

type Header = { readonly width: number; readonly height: number; readonly hasAlpha: boolean }

/** Colours of a profile become those of sRGB. Transparency is left out: a screen has none, though many programs write it. */
async function decode(image: Uint8Array, header: Header, limits: ImageLimits): Promise<RgbImage> {
  const decoder = limitedSharp(image, limits)
  const part = Math.ceil(Math.sqrt((header.width * header.height) / measuredPixelsMax))
  if (part === 1) return rgbOf(header.hasAlpha ? decoder.removeAlpha() : decoder)
  const [width, height] = [header.width, header.height].map(side => Math.max(1, Math.floor(side / part)))
  const smaller = (pixels: Sharp): Sharp => pixels.resize(width, height, { fit: 'fill', kernel: 'cubic' })
  if (!header.hasAlpha) return rgbOf(smaller(decoder))
  // In one go the library would weigh each pixel by its alpha, which takes as long as all the rest.
  const whole = await rgbOf(decoder.removeAlpha())
  const { data, ...size } = whole
  const raw = { ...size, channels: rgbChannels } as const
  return overwritten(whole, () => rgbOf(smaller(limitedSharp(data, { ...limits, raw }))))
}

/** What `use` makes of pixels, which do not outlive that (CS2). */
async function overwritten<T>({ data }: RgbImage, use: () => Promise<T>): Promise<T> {
  try {
    return await use()
  } finally {
    data.fill(0)
  }
}

async function rgbOf(pixels: Sharp): Promise<RgbImage> {
  const { data, info } = await pixels
    .toColourspace('srgb')
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true })
  const { width, height, channels } = info
  return { width, height, data: channels === rgbChannels ? data : toRgb(data, channels) }
}

/** Of one channel three that are alike. */
function toRgb(data: Uint8Array, channels: number): Uint8Array {
  const pixels = data.length / channels
  const rgb = new Uint8Array(pixels * 3)
  for (let pixel = 0; pixel < pixels; pixel++) rgb.fill(data[pixel * channels]!, pixel * 3, pixel * 3 + 3)
  data.fill(0)
  return rgb
}

function refusalOf(error: unknown, format: ImageFormat, { secondsMax }: ImageLimits): ImageRefusal {
  const detail = sharpReason(error)
  // Depending on where it was when its time was over.
  if (/^timeout|killed for image/.test(detail))
    return { reason: 'timed-out', detail: `${format}: not decoded within ${secondsMax} s` }
  return { reason: 'unreadable', detail: `${format}: ${detail}` }
}
