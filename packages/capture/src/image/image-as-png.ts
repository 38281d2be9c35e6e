import { limitedSharp, type SharpLimits } from './limited-sharp.ts'

/** Fast, and hardly larger than the best. */
const compressionLevel = 2

/** The first picture of an image as a PNG in sRGB, upright as it is seen. Rejects with the library's error where it cannot be decoded within the limits. */
export function imageAsPng(image: Uint8Array, limits: Pick<SharpLimits, 'pixelsMax' | 'secondsMax'>): Promise<Buffer> {
  return limitedSharp(image, limits).autoOrient().toColourspace('srgb').png({ compressionLevel }).toBuffer()
}
